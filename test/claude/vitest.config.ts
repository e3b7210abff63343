import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// `npm run test:claude`; no project of the root's, which runs without the SDK. `npm run test:claude -- soak` runs what takes minutes.
export default defineConfig({
  resolve: {
    // For the example that runs with it.
    alias: {
      '@anthropic-ai/claude-agent-sdk': fileURLToPath(
        new URL('node_modules/@anthropic-ai/claude-agent-sdk/sdk.mjs', import.meta.url),
      ),
    },
  },
  test: {
    name: 'claude',
    environment: 'node',
    maxWorkers: 2,
    root: fileURLToPath(new URL('.', import.meta.url)),
    include: ['*.test.ts'],
    exclude: process.argv.some((argument) => argument.includes('soak')) ? [] : ['*.soak.test.ts'],
    reporters: ['default', '../../scripts/strict-reporter.mjs'],
  },
})
