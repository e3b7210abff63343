import parser from '@typescript-eslint/parser'
import reactHooks from 'eslint-plugin-react-hooks'

// Biome lints; this adds the rules of the React compiler only, which Biome does not have.
export default [
  {
    files: ['src/react/**/*.{ts,tsx}', 'examples/*/page/**/*.{ts,tsx}', 'test/next/app/**/*.tsx'],
    languageOptions: { parser },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { 'react-hooks': reactHooks },
    rules: reactHooks.configs['recommended-latest'].rules,
  },
]
