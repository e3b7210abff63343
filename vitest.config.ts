import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { chromiumLaunchOptions } from './test/chromium/find-chromium.js'
import { sessionServerCommands } from './test/http/session-server-commands.js'

// The browser that npm brings, the same on every machine and lighter than an installed one, in which `.ci/run` tests as well.
if (process.platform === 'linux' && process.arch === 'x64') process.env.CHROMIUM_PATH ??= 'npm'

const inBrowser = 'test/**/*.browser.test.{ts,tsx}'
const endToEnd = 'test/{e2e,attacks}/**/*.e2e.test.ts'
const ofPackage = 'test/package/**/*.test.ts'
// With a package.json and a vitest.config.ts of their own.
const ofOthers = 'test/{claude,consumers,next}/**'
const ofSupabase = 'test/{supabase,attacks/database}/**/*.test.ts'
const onPostgres = 'test/supabase/**/*.postgres.test.ts'
const onPglite = 'test/supabase/**/*.pglite.test.ts'
const onRedis = 'test/redis/**/*.test.ts'
const inFirefox = 'test/firefox/**/*.test.ts'
const inWebKit = 'test/webkit/**/*.test.ts'
const inFullChromium = 'test/full-chromium/**/*.test.ts'

// Twice the cores of a small machine: tests that drive a browser mostly wait, and others compute meanwhile.
const maxWorkers = 4

// PGlite for a few queries: to compile it a second time, better, takes longer than all of them.
const execArgv = ['--liftoff-only']

// Ten times what the slowest takes on an idle core: a busy machine says nothing about the code.
const testTimeout = 60_000

// Each file has its own servers, folders and browser profiles.
const watchingClock = {
  testTimeout,
  hookTimeout: 60_000,
  maxWorkers,
  isolate: false,
  // A second, Vitest's own, is too little for a browser on a busy machine.
  expect: { poll: { timeout: 15_000 } },
  globalSetup: './test/support/nothing-left.ts',
}

// `npm test` runs those that need nothing but npm. postgres, redis, firefox, webkit and full-chromium need what is named: `npm run test:postgres` and so on.
// `npx vitest --project node` runs one. package, types and all that drive a browser or a server look at what was built.
export default defineConfig({
  test: {
    reporters: ['default', './scripts/strict-reporter.mjs'],
    projects: [
      {
        test: {
          name: 'node',
          environment: 'node',
          maxWorkers,
          // Files share what they import: each gives back what it takes of the process, and a third of the time is saved.
          isolate: false,
          testTimeout,
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: [inBrowser, endToEnd, ofPackage, ofOthers, ofSupabase, onRedis, inFirefox, inWebKit, inFullChromium],
        },
      },
      {
        test: {
          name: 'supabase',
          environment: 'node',
          execArgv,
          testTimeout,
          maxWorkers,
          isolate: false,
          include: [ofSupabase],
          exclude: [onPostgres],
          globalSetup: './test/supabase/setup-pglite.ts',
        },
      },
      {
        // The same on a real Postgres, and what only shows where calls do not wait for each other.
        test: {
          name: 'postgres',
          environment: 'node',
          include: [ofSupabase],
          exclude: [onPglite],
          globalSetup: './test/supabase/setup-postgres.ts',
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // On a Redis that each file starts for itself.
        test: {
          name: 'redis',
          environment: 'node',
          include: [onRedis],
          maxWorkers,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'package',
          environment: 'node',
          maxWorkers,
          include: [ofPackage],
          testTimeout: 60_000,
        },
      },
      {
        // Found in advance, as a dependency met during a run would reload the page under the tests.
        optimizeDeps: {
          include: [
            'axe-core',
            'dexie',
            'react',
            'react-dom/client',
            'react-dom/server',
            'react/jsx-dev-runtime',
            'zod/mini',
            'zustand',
            'zustand/vanilla',
          ],
        },
        test: {
          name: 'browser',
          maxWorkers,
          // To load everything anew for each file is a quarter of the work.
          isolate: false,
          include: [inBrowser],
          testTimeout: watchingClock.testTimeout,
          expect: watchingClock.expect,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            commands: sessionServerCommands,
            // A getter: a run without this project needs no browser.
            provider: playwright({
              get launchOptions() {
                return chromiumLaunchOptions()
              },
            }),
            // Named by its browser: the next one is a line here.
            instances: [{ browser: 'chromium', name: 'chromium' }],
          },
        },
      },
      {
        test: {
          name: 'e2e',
          environment: 'node',
          execArgv,
          include: [endToEnd],
          ...watchingClock,
        },
      },
      {
        test: { name: 'firefox', environment: 'node', include: [inFirefox], ...watchingClock },
      },
      {
        test: { name: 'webkit', environment: 'node', include: [inWebKit], ...watchingClock },
      },
      {
        test: { name: 'full-chromium', environment: 'node', include: [inFullChromium], ...watchingClock },
      },
      {
        test: {
          name: 'types',
          include: [],
          typecheck: { enabled: true, only: true, include: ['test/**/*.test-d.ts'], tsconfig: './tsconfig.types.json' },
        },
      },
    ],
  },
})
