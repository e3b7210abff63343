import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// `npm run test:recipes`; no project of the root's, which runs without these libraries.
export default defineConfig({
  test: {
    name: 'recipes',
    environment: 'node',
    maxWorkers: 2,
    root: fileURLToPath(new URL('.', import.meta.url)),
    include: ['test/*.test.ts'],
    // As in the root: a second is too little for a browser on a busy machine.
    testTimeout: 60_000,
    expect: { poll: { timeout: 15_000 } },
    reporters: ['default', '../../scripts/strict-reporter.mjs'],
  },
})
