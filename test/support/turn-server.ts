import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import type { AgentSessionStore, TabKey } from '../../src/server/index.js'
import { endProcess } from './end-process.js'

/** What `turn-server.mjs` tells. */
export interface Told {
  readonly ready?: true
  /** The agent was started, for a send that came in at `from`. */
  readonly running?: string
  readonly refused?: string
  readonly state?: string
  readonly retryAfterMs?: number
  /** The agent was told to stop. */
  readonly aborted?: true
  readonly stopping?: boolean
  readonly ended?: 'done' | 'stopped'
  readonly session?: string
  readonly failed?: string
  readonly code?: string
  readonly from?: number
  /** By the machine's clock. */
  readonly at?: number
}

/** A server that shares nothing with others but the database. */
export interface ServerProcess {
  readonly child: ChildProcess
  readonly told: Told[]
  /** Waits until it has told enough. */
  until(isEnough: (told: readonly Told[]) => boolean): Promise<void>
}

/** Servers on one database, and the store as the test's own process reaches it. */
export interface Servers {
  readonly sessions: AgentSessionStore
  newKey(): TabKey
  start(): Promise<ServerProcess>
  /** Makes everything older, as if that much time had passed. */
  age(key: TabKey, ms: number): Promise<void>
}

/** Starts a server that ends with the test. `database` is a URL of Postgres, or the path of a socket of Redis. */
export async function startTurnServer(database: string): Promise<ServerProcess> {
  const child = fork('test/support/turn-server.mjs', { env: { ...process.env, DATABASE: database } })
  onTestFinished(async () => {
    await endProcess(child)
  })
  const told: Told[] = []
  child.on('message', (what: Told) => told.push(what)) // the script's own
  const until = async (isEnough: (told: readonly Told[]) => boolean) => {
    while (!isEnough(told)) await once(child, 'message')
  }
  await until(([first]) => first !== undefined)
  told.length = 0
  return { child, told, until }
}
