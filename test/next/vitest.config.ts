import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// `npm run test:next`; no project of the root's, which runs without Next.
export default defineConfig({
  test: {
    name: 'next',
    environment: 'node',
    maxWorkers: 2,
    root: fileURLToPath(new URL('.', import.meta.url)),
    include: ['*.test.ts'],
    reporters: ['default', '../../scripts/strict-reporter.mjs'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
