import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const workflow = readFileSync(new URL('../../.github/workflows/release.yml', import.meta.url), 'utf8')
const jobs = workflow.split(/^ {2}(?=[a-z]+:$)/m).slice(1)

it('the one job that may publish runs no script of another package', () => {
  const publishing = jobs.filter((job) => job.includes('id-token: write'))
  expect(publishing).toHaveLength(1)
  const installs = publishing.flatMap((job) => job.match(/npm (?:ci|install).*/g) ?? [])
  expect(installs).toEqual([expect.stringMatching(/^npm ci --ignore-scripts\b/)])
})

it('names each action by its commit', () => {
  const actions = [...workflow.matchAll(/uses: (\S+)/g)].map(([, action]) => action)
  expect(actions.length).toBeGreaterThan(0)
  for (const action of actions) expect(action).toMatch(/@[0-9a-f]{40}$/)
})
