// Stryker changes these files one place at a time, and counts the changes that no test notices.
const mutated = [
  'src/core/apply-change.ts',
  // The current conversation of a page, in each workspace.
  'src/store/current-conversation.ts',
  'src/store/{tab-claims,other-tabs}.ts',
  'src/server/lease.ts',
  'src/{core/turn-event,server/turn-events}.ts',
]

/** @type {ConstructorParameters<typeof import('@stryker-mutator/core').Stryker>[0]} */
export default {
  mutate: mutated,
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'test/mutation/vitest.config.ts' },
  // A change may make a loop endless: then the run is ended, and the change counts as noticed.
  timeoutMS: 20_000,
  concurrency: 2,
  thresholds: { high: 95, low: 90, break: 85 },
  reporters: ['clear-text', 'progress', 'json'],
  clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: '.cache/mutation.json' },
  tempDirName: '.cache/stryker',
  // Not needed by the tests, and copied otherwise.
  ignorePatterns: [
    '.data',
    'bench',
    'dist',
    'docs',
    'examples/*/node_modules',
    'test/*/node_modules',
    'examples/chat/dist',
  ],
}
