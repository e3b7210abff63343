import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const folder = new URL('../../.github/workflows/', import.meta.url)
const workflows = readdirSync(folder).map((name) => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }))

/** The jobs of the workflow that publishes, by name. */
const jobs = new Map(
  (workflows.find(({ name }) => name === 'release.yml')?.text ?? '')
    .split(/^ {2}(?=[a-z]+:$)/m)
    .slice(1)
    .map((job) => [job.slice(0, job.indexOf(':')), job]),
)

describe('a release', () => {
  const mayPublish = [...jobs].filter(([, job]) => job.includes('id-token'))
  /** The npm commands of a job. */
  const commands = (job = '') => [...job.matchAll(/^ +(?:- run: )?(npm .*)$/gm)].map(([, command]) => command)

  it('is published by one job, which checks nothing out, installs nothing and runs no script', () => {
    expect(mayPublish.map(([name]) => name)).toEqual(['publish'])
    const [[, publish = ''] = []] = mayPublish
    expect(publish).not.toContain('actions/checkout')
    expect(publish).not.toContain('container:')
    expect(commands(publish)).toEqual(['npm publish ./leftoff-*.tgz --ignore-scripts --provenance --access public'])
  })

  it('is packed by a job that may only read, from locked packages that run no script', () => {
    const pack = jobs.get('pack') ?? ''
    expect(pack).not.toContain('permissions:')
    expect(commands(pack)).toEqual(['npm ci --ignore-scripts', 'npm pack'])
    expect(pack).toContain('needs: check')
  })

  it('is what was packed: the hash that one job prints is checked by the other', () => {
    expect(jobs.get('pack')).toContain('sha256sum leftoff-*.tgz')
    expect(jobs.get('publish')).toContain('needs.pack.outputs.sha256')
    expect(jobs.get('publish')).toContain('sha256sum --check --strict')
  })

  it('has no secret and no right but to read, besides', () => {
    for (const { text } of workflows) {
      expect(text).toMatch(/^permissions:\n {2}contents: read\n\n/m)
      expect(text).not.toContain('secrets.')
      expect([...text.matchAll(/: write\b/g)].length).toBe(text.includes('id-token: write') ? 1 : 0)
    }
  })
})

describe.each(workflows)('the workflow $name', ({ text }) => {
  it('names each action by its commit, and keeps no credentials in the checkout', () => {
    const actions = [...text.matchAll(/uses: (\S+)/g)].map(([, action]) => action)
    expect(actions.length).toBeGreaterThan(0)
    for (const action of actions) expect(action).toMatch(/@[0-9a-f]{40}$/)
    const checkouts = text.match(/uses: actions\/checkout@.*\n {8}with:\n {10}persist-credentials: false$/gm) ?? []
    expect(checkouts).toHaveLength((text.match(/actions\/checkout/g) ?? []).length)
  })

  it('names each container by its digest', () => {
    const containers = [...text.matchAll(/container: (\S+)/g)].map(([, container]) => container)
    expect(containers.length).toBeGreaterThan(0)
    for (const container of containers) expect(container).toMatch(/@sha256:[0-9a-f]{64}$/)
    expect(text).not.toMatch(/image:|docker:\/\//)
  })
})
