import { once } from 'node:events'
import { createServer } from 'node:http'
import { expect, it } from 'vitest'
import { descendants, isRunning } from './program.js'
import { startSession } from './web-driver.js'
import { startWebKit } from './webkit.js'

const programs = () =>
  descendants(process.pid).filter(({ name }) => /^(Xvfb|WebKit|python3|browser\.py|setpriv)/.test(name))

it('leaves no program running, whether the browser was closed or killed', async () => {
  for (const isKilled of [false, true]) {
    const webkit = await startWebKit()
    await webkit.open('harness')
    const started = programs()
    const browser = started.find(({ name }) => /^(python3|browser\.py)/.test(name))
    expect(started.map(({ name }) => name).join()).toMatch(/Xvfb.*WebKit/)
    if (!browser) throw new Error('The browser was not found.')
    if (isKilled) process.kill(browser.pid, 'SIGKILL')
    await webkit.end()
    // A killed program takes a moment to go.
    await expect.poll(() => started.filter(({ pid }) => isRunning(pid)), { timeout: 2_000 }).toEqual([])
  }
})

it('gives up on a driver that does not answer', async () => {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server has a port.')
  const starting = startSession(`http://127.0.0.1:${address.port}`, {}, { commandMs: 50 })
  await expect(starting).rejects.toThrow('did not answer POST /session within 50 ms')
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})
