import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type axe from 'axe-core'
import type { Page } from 'playwright'
import { expect } from 'vitest'

let source: Promise<string> | undefined

/** What axe has to say about the page as it is, readable when it fails. */
export async function axeViolations(page: Page, runOnly?: string[]): Promise<string[]> {
  // Evaluated, not added as a script, which the page's content security policy forbids.
  if (!(await page.evaluate(() => 'axe' in globalThis))) {
    source ??= readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
    await page.evaluate(await source)
  }
  // What it found nothing wrong with is counted only: to name each of those elements takes longer than to look at them.
  const { passed, found } = await page.evaluate(async (runOnly) => {
    const { axe: runner } = globalThis as unknown as { axe: typeof axe } // evaluated above
    const { passes, violations } = await runner.run(document, {
      resultTypes: ['violations'],
      ...(runOnly && { runOnly }),
    })
    return {
      passed: passes.length,
      found: violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`)),
    }
  }, runOnly)
  expect(passed).toBeGreaterThan(10)
  return found
}
