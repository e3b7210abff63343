import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type AcpAgent, type AcpMessage, acpDriver, runAcp } from '../../examples/drivers/acp-driver.js'
import { isLeftoffError } from '../../src/core/error.js'
import { memoryAgentSessions, runTurn, type TurnEvent, tabKey } from '../../src/server/index.js'

// The driver and its agent are two processes that speak the protocol, each by the official package.

const program = fileURLToPath(new URL('acp-agent.mjs', import.meta.url))
const key = tabKey({ userId: 'ada', workspace: 'w', tabId: 'c' })

/** A conversation with an agent that answers as `kind` does. */
function conversation(kind: string) {
  const cwd = mkdtempSync(join(tmpdir(), 'leftoff-acp-'))
  onTestFinished(() => rmSync(cwd, { recursive: true }))
  const agent: AcpAgent = { command: process.execPath, args: [program, kind], cwd, env: { SHOWN: 'yes' } }
  const sessions = memoryAgentSessions()
  let messages = 0

  async function start(message: string) {
    const hasHistory = messages++ > 0
    const turn = await runTurn({ sessions, key, agent: acpDriver, hasHistory, run: runAcp(agent, message) })
    if (!turn.ok) throw new Error(turn.reason)
    return turn
  }
  return {
    start,
    sessionId: () => sessions.get(key),
    /** How many sessions the agent has. */
    sessionCount: () => readdirSync(cwd).length,
    forget() {
      for (const name of readdirSync(cwd)) rmSync(join(cwd, name))
    },
    async say(message: string): Promise<string> {
      let said = ''
      for await (const event of (await start(message)).events) said += shown(event)
      return said
    },
  }
}

/** The text, and what else happened. */
function shown(event: TurnEvent<AcpMessage>): string {
  if (event.type === 'message') return acpDriver.pieceOf?.(event.message) ?? ''
  if (event.type === 'started') return event.resumed ? '[resumed] ' : '[new] '
  if (event.type === 'recovered') return `[${event.reason}${event.contextLost ? ', context lost' : ''}] `
  return event.type === 'done' ? '' : `[${event.type}]`
}

describe('an agent over ACP', () => {
  it.each(['claude', 'codex', 'gemini'])(
    '%s resumes its session, and starts a new one once when it is gone',
    async (kind) => {
      const chat = conversation(kind)
      expect(await chat.say('hello')).toBe('[new] 1: you said hello')
      const first = await chat.sessionId()
      expect(await chat.say('again')).toBe('[resumed] 2: you said again')
      expect(await chat.sessionId()).toBe(first)
      chat.forget()
      expect(await chat.say('still there?')).toBe('[stale, context lost] [new] 1: you said still there?')
      expect(await chat.sessionId()).not.toBe(first)
      expect(chat.sessionCount()).toBe(1)
    },
  )

  it('that cannot open a session again is said to have lost the context', async () => {
    const chat = conversation('forgetful')
    await chat.say('hello')
    expect(await chat.say('again')).toBe('[changed, context lost] [new] 1: you said again')
  })

  it('keeps its session when it fails to open it for another reason', async () => {
    const chat = conversation('broken')
    await chat.say('hello')
    const id = await chat.sessionId()
    const failure = await chat.say('again').catch((error: unknown) => error)
    expect(isLeftoffError(failure, 'turn-failed') && failure.canStartFresh).toBe(true)
    expect(await chat.sessionId()).toBe(id)
  })

  it('is cancelled by a stop, and keeps its session', async () => {
    const chat = conversation('claude')
    const turn = await chat.start('wait')
    let said = ''
    for await (const event of turn.events) {
      said += shown(event)
      if (said.endsWith('Waiting')) void turn.stop()
    }
    expect(said).toBe('[new] Waiting[stopped]')
    expect(await chat.say('again')).toBe('[resumed] 2: you said again')
  })

  it('is refused each permission, and gets only the environment it is given', async () => {
    const chat = conversation('claude')
    expect(await chat.say('delete everything')).toBe('[new] {"outcome":"selected","optionId":"no"}')
    expect(await chat.say('environment')).toMatch(/^\[resumed\] (?:\w+,)?SHOWN$/)
  })

  it('that dies in the middle of an answer, or cannot be started, fails the turn', async () => {
    const chat = conversation('claude')
    await expect(chat.say('die')).rejects.toMatchObject({ code: 'turn-failed' })
    const missing = { command: '/no/such/agent', cwd: tmpdir(), env: {} }
    const turn = await runTurn({
      sessions: memoryAgentSessions(),
      key,
      agent: acpDriver,
      hasHistory: false,
      run: runAcp(missing, 'hello'),
    })
    if (!turn.ok) throw new Error(turn.reason)
    await expect(turn.events[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'turn-failed' })
  })
})
