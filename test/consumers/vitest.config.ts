import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// `npm run test:consumers`; no project of the root's, as it installs packages from the registry.
export default defineConfig({
  test: {
    name: 'consumers',
    environment: 'node',
    maxWorkers: 2,
    root: fileURLToPath(new URL('.', import.meta.url)),
    include: ['*.test.ts'],
    reporters: ['default', '../../scripts/strict-reporter.mjs'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
