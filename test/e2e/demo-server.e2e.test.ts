import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { claudeAgent } from '../../examples/chat/server/claude-agent.js'
import { type Demo, setUpDemo } from './demo.js'

let demo: Demo
let port: number

beforeAll(async () => {
  demo = await setUpDemo()
  port = Number(new URL(await demo.start()).port)
  return () => demo.end()
})

/** Asks with any header, also those that `fetch` does not let one set. */
function ask(path: string, headers: Record<string, string>, body = ''): Promise<{ status: number; cookie: string }> {
  return new Promise((resolve, reject) => {
    const method = body === '' ? 'GET' : 'POST'
    const asked = request({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
      const [cookie = ''] = answer.headers['set-cookie'] ?? []
      resolve({ status: answer.statusCode ?? 0, cookie: cookie.split(';')[0] ?? '' })
      asked.destroy()
    })
    asked.on('error', reject)
    if (headers['Content-Length'] === undefined) asked.end(body)
    else asked.write(body)
  })
}

/** What the server says to a request line that no browser sends: `fetch` and `request` tidy paths. */
function askRaw(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`)
    })
    let text = ''
    socket.on('data', (piece) => {
      text += piece
    })
    socket.on('end', () => resolve(text))
    socket.on('error', reject)
  })
}

/** Whether anything listens there. */
function listens(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

describe('the demo’s server', () => {
  it('listens on this machine only', async () => {
    expect(await listens('127.0.0.1')).toBe(true)
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4')
    // Linux gives a machine all of 127.0.0.0/8, so there is another address to try even without a network.
    for (const { address } of [...others, { address: '127.0.0.2' }]) expect(await listens(address)).toBe(false)
  })

  it('answers no other name than its own, so that no other site’s name can be made to lead to it', async () => {
    const paths = ['/chat', '/api/health', '/rest/v1/rpc/list_sessions', '/assets/x.js']
    for (const path of paths) {
      expect([path, (await ask(path, { Host: `evil.example:${port}` })).status]).toEqual([path, 421])
    }
    for (const host of ['localhost', '127.0.0.1', '[::1]']) {
      expect((await ask('/chat', { Host: `${host}:${port}` })).status).toBe(200)
    }
  })

  it('takes no request of another site’s page, and no body without end', async () => {
    const { cookie } = await ask('/chat', {})
    const json = { cookie, 'Content-Type': 'application/json' }
    const own = `http://localhost:${port}`
    const host = `localhost:${port}`
    const stranger = await ask('/api/sign-out', { ...json, Host: host, Origin: 'https://evil.example' }, '{}')
    expect(stranger.status).toBe(403)
    expect((await ask('/api/sign-out', { ...json, Host: host, Origin: own }, '{}')).status).toBe(200)
    // It is refused by what it says of itself, before it is there.
    const tooMuch = { ...json, 'Content-Length': '300000' }
    for (const path of ['/api/turn', '/api/forget', '/rest/v1/rpc/save_sessions']) {
      expect([path, (await ask(path, tooMuch, '{')).status]).toEqual([path, 413])
    }
  })

  it('serves no file outside of its page, however the path is written', async () => {
    const [script = ''] = (await readdir('examples/chat/dist/page/assets')).filter((name) => name.endsWith('.js'))
    expect(await askRaw(`/assets/${script}`)).toContain('HTTP/1.1 200')
    const up = ['..', '%2e%2e', '%2E.', '..%2f..', '..%5c..', '%252e%252e', '....', '.%00.', '..;']
    const files = ['server/main.js', 'package.json', '../../package.json']
    const paths = up.flatMap((one) =>
      files.flatMap((file) => [`/assets/${one}/${one}/${file}`, `/assets/${one}/${file}`]),
    )
    const others = [
      `/assets//${process.cwd()}/package.json`,
      `/assets/${encodeURIComponent(`${process.cwd()}/package.json`)}`,
      `/assets/C:%5cWindows%5cwin.ini`,
      '/../package.json',
      '//etc/passwd',
      '/assets/',
      '/assets/.',
    ]
    for (const path of [...paths, ...others]) {
      const answer = await askRaw(path)
      expect([path, answer.split(' ')[1]]).toEqual([path, expect.stringMatching(/^(?:404|400|403)$/)])
      expect(answer).not.toMatch(/"name":|root:|createApp/)
    }
  })

  it('keeps its data, database included, in folders that nobody else may enter', async () => {
    const open: string[] = []
    // PGlite makes its own files for everyone; their folders are shut.
    for (const entry of await readdir(demo.dataDir, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      const isPglites = entry.parentPath.startsWith(join(demo.dataDir, 'database')) && entry.isFile()
      if (!isPglites && ((await stat(path)).mode & 0o077) !== 0) open.push(path)
    }
    expect(open).toEqual([])
    expect((await stat(demo.dataDir)).mode & 0o777).toBe(0o700)
    expect((await readdir(demo.dataDir)).length).toBeGreaterThan(2)
  })
})

describe('the real agent', () => {
  it('gets a chosen environment and no tools: what else the server knows stays there', async () => {
    const given: unknown[] = []
    async function* query(request: unknown) {
      given.push(request)
      yield { type: 'result', subtype: 'success', is_error: false, session_id: 'id' }
    }
    const secrets = { DATABASE_URL: 'postgres://secret', SUPABASE_SERVICE_ROLE_KEY: 'secret', AWS_SECRET: 'secret' }
    const env = { PATH: '/bin', HOME: '/home/ada', ANTHROPIC_API_KEY: 'key', ...secrets }
    const folder = await mkdtemp(join(tmpdir(), 'leftoff-agent-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const agent = claudeAgent({ query }, folder, env)
    const request = { workspace: 'demo.alive.best', message: 'hi', signal: AbortSignal.abort(), onStderr: () => {} }
    for await (const _ of agent.run(request));
    expect(JSON.stringify(given)).not.toContain('secret')
    expect(given).toMatchObject([
      {
        options: { tools: [], settingSources: [], env: { PATH: '/bin', HOME: '/home/ada', ANTHROPIC_API_KEY: 'key' } },
      },
    ])
  })
})

describe('the demo’s page', () => {
  it('loads 150 kB of scripts at most, gzipped; Dexie and supabase-js come when they are chosen', async () => {
    const page = 'examples/chat/dist/page'
    const html = await readFile(join(page, 'index.html'), 'utf8')
    const scripts = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map(([, path = '']) => path)
    expect(scripts.length).toBeGreaterThan(0)
    const texts = await Promise.all(scripts.map((path) => readFile(join(page, path))))
    const bytes = texts.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0)
    expect(bytes).toBeLessThanOrEqual(150_000)
    expect(bytes).toBeGreaterThan(50_000)
  })
})
