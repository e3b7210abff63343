import { fileURLToPath } from 'node:url'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { chromiumLaunchOptions } from '../chromium/find-chromium.js'

const packageOf = (name: string) => fileURLToPath(new URL(`node_modules/${name}`, import.meta.url))

// The tests of leftoff/react once more, with React 18 in the place of the React that this repository has.
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  cacheDir: packageOf('.vite'),
  resolve: { alias: { 'react-dom': packageOf('react-dom'), react: packageOf('react') } },
  optimizeDeps: {
    include: [
      'axe-core',
      'react',
      'react-dom/client',
      'react-dom/server',
      'react/jsx-dev-runtime',
      'zod/mini',
      'zustand/vanilla',
    ],
  },
  test: {
    name: 'react-18',
    reporters: ['default', './scripts/strict-reporter.mjs'],
    include: ['test/react/*.browser.test.tsx'],
    // Activity came with React 19.
    exclude: ['test/react/edge-cases.browser.test.tsx'],
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: chromiumLaunchOptions() }),
      instances: [{ browser: 'chromium' }],
    },
  },
})
