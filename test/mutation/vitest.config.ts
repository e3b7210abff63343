import { defineConfig } from 'vitest/config'

// The tests of the mutated files that run in milliseconds. change-mutants and planted-bugs read source as text, which is instrumented here.
export default defineConfig({
  test: {
    environment: 'node',
    isolate: false,
    include: ['test/{attacks,core,faults,server,store,turns}/**/*.test.{ts,tsx}'],
    exclude: ['test/**/*.browser.test.{ts,tsx}', 'test/core/change-mutants.test.ts', 'test/faults/every-fault.test.ts'],
  },
})
