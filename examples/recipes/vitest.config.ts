import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// `npm run test:recipes`; no project of the root's, which runs without these libraries.
export default defineConfig({
  test: {
    name: 'recipes',
    environment: 'node',
    root: fileURLToPath(new URL('.', import.meta.url)),
    include: ['test/*.test.ts'],
    reporters: ['default', '../../scripts/strict-reporter.mjs'],
  },
})
