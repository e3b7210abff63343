import { defineConfig } from 'vitest/config'

// The tests in Node that reach the mutated files. Two look at the text of the source, which is another one here.
export default defineConfig({
  test: {
    environment: 'node',
    isolate: false,
    testTimeout: 60_000,
    include: [
      'test/{attacks/{device,requests,sessions,turns},core,faults,server,store,turns}/**/*.test.{ts,tsx}',
      'test/soak/found.test.ts',
      'test/mutation/random-runs.ts',
    ],
    exclude: [
      '**/*.browser.test.{ts,tsx}',
      'test/core/apply-change-mutants.test.ts',
      'test/faults/every-fault.test.ts',
    ],
  },
})
