import { chromium } from 'playwright'
import { expect, it } from 'vitest'
import { chromiumLaunchOptions } from '../chromium/find-chromium.js'

const featuresIn = (commandLine: string) => /--disable-features=(\S+)/.exec(commandLine)?.[1]?.split(',') ?? []

it('Chromium starts without all that Playwright leaves out, as only the last list counts', async () => {
  // No browser: it ends at once, and the error has the command line.
  const error = await chromium.launch({ executablePath: process.execPath }).catch(String)
  const playwrights = featuresIn(String(error))
  expect(playwrights).toContain('ThirdPartyStoragePartitioning')
  expect(featuresIn(chromiumLaunchOptions().args.join(' '))).toEqual(expect.arrayContaining(playwrights))
})
