import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { median } from '../median.mjs'

/**
 * CPU of a server per event of turns of 50 events, in microseconds: by the handler with a log in memory, and by a hand-made
 * Response; the rounds alternate.
 *
 * @param {object} options
 * @param {number} options.turns In a round.
 * @param {number} options.rounds
 */
export async function measureHttp({ turns, rounds }) {
  const server = fork(fileURLToPath(new URL('./http-server.mjs', import.meta.url)))
  try {
    const [{ port }] = await once(server, 'message')
    const base = `http://127.0.0.1:${port}`
    /** @type {{ handler: number, plain: number }[]} */
    const measured = []
    for (let n = -1; n < rounds; n += 1) {
      const plain = await cpuOf(base, () => sendAll(`${base}/plain`, turns))
      const handler = await cpuOf(base, () => sendAll(`${base}/turn`, turns))
      if (n >= 0) measured.push({ handler, plain })
    }
    const perEvent = (/** @type {number} */ us) => us / turns / 50
    return {
      handlerUs: perEvent(median(measured.map(({ handler }) => handler))),
      plainUs: perEvent(median(measured.map(({ plain }) => plain))),
      times: median(measured.map(({ handler, plain }) => handler / plain)),
    }
  } finally {
    server.kill()
  }
}

/** Twenty at a time. @param {string} url @param {number} turns */
async function sendAll(url, turns) {
  let left = turns
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      while (left > 0) {
        left -= 1
        const turnId = crypto.randomUUID()
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ workspace: 'w', conversationId: turnId, turnId, message: 'Hello' }),
        })
        const text = await response.text()
        if (!response.ok || !text.includes('"done"')) throw new Error(`${response.status} ${text.slice(-200)}`)
      }
    }),
  )
}

/** @param {string} base @param {() => Promise<void>} run */
async function cpuOf(base, run) {
  const used = async () => {
    const { user, system } = await (await fetch(`${base}/cpu`)).json()
    return user + system
  }
  const before = await used()
  await run()
  return (await used()) - before
}
