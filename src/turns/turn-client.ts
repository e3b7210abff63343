import { type Clock, deferred, pause, systemClock } from '../core/clock.js'
import { LeftoffError } from '../core/error.js'
import { createId } from '../core/keys-and-ids.js'
import { turnErrorSentence } from '../core/turn-error.js'
import { turnQuery } from '../core/turn-requests.js'
import type { TurnStreamEnd, TurnStreamEvent } from '../core/turn-stream.js'
import { type Browser, realBrowser } from '../store/browser.js'
import { patienceMs } from './next-request.js'
import { readTurnStream, type TurnRun } from './turn-run.js'
import { type UnsentTurn, unsentTurns } from './unsent-turns.js'

/** Whose conversation. The user is not sent: the server takes it from its authentication. */
export interface TurnConversation {
  /** `''` in an app without users. */
  readonly userId: string
  readonly workspace: string
  readonly conversationId: string
}

/** A message to send. */
export interface TurnMessage {
  /** A text, unless the handler's `input` says otherwise. */
  readonly message: unknown
  /** Names the message; a retry has the same one. A random id when omitted. */
  readonly messageId?: string
  /** Names this attempt to answer it: what is sent twice under one id runs once. A random id when omitted. */
  readonly turnId?: string
  /** Has the agent forget its session first, after `canStartFresh`. */
  readonly fresh?: boolean
  /** When it was sent, in ms since the epoch, for one that is sent again after a reload; now when omitted. */
  readonly at?: number
}

/** What {@link TurnClient} gives of a turn: all that the server sends but the error, which is thrown. */
export type TurnClientEvent = Exclude<TurnStreamEvent, { type: 'error' }>

/** Talks to what `createTurnHandler` serves. */
export interface TurnClient {
  /**
   * Sends a message and gives the events of its turn, to its end. Begins when the first event is asked for. A connection that
   * breaks is made again, and nothing runs twice: the message is posted again only until the server has it. Ends without an error
   * once `signal` aborts; the turn continues.
   *
   * Throws `turn-busy` with the other turn's `turnId` if another turn has the conversation for 10 s, `unreachable` if the server
   * does not answer for a minute, and what ended the turn early by its code.
   */
  send(
    conversation: TurnConversation,
    message: TurnMessage,
    options?: { readonly signal?: AbortSignal },
  ): AsyncGenerator<TurnClientEvent, void, undefined>
  /**
   * The events of the turn that runs, from its beginning, or of the one named, which may have ended; no event if there is none.
   * Nothing is asked while the page is hidden. Throws as `send` does.
   */
  follow(
    conversation: TurnConversation,
    options?: { readonly turnId?: string; readonly signal?: AbortSignal },
  ): AsyncGenerator<TurnClientEvent, void, undefined>
  /**
   * Stops a turn, on whichever server it runs; one that this client is sending once the server has it. Resolves when it has
   * ended, or for a turn that is not read here when the server knows. Rejects with `unreachable`, `turn-failed`.
   */
  stop(conversation: TurnConversation, turnId: string): Promise<void>
  /** The messages of this tab that no server has answered, also those of the page before a reload. */
  unsent(conversation: TurnConversation): readonly UnsentTurn[]
  /** Keeps one of these no longer, such as when a person does not want it sent any more. */
  forgetUnsent(conversation: TurnConversation, turnId: string): void
}

/** Options of {@link createTurnClient}. */
export interface TurnClientOptions {
  /** The address that serves `createTurnHandler`. */
  readonly api: string
  /** As the browser's, such as one that adds a header; the browser's when omitted. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** The `name` of the session store; `claude-session-storage` when omitted. */
  readonly name?: string
  /** `false` keeps unsent messages out of the tab's storage. */
  readonly persistContent?: boolean
  /** For tests; the machine's when omitted. */
  readonly clock?: Clock
  /** For tests; the page this script runs in when omitted. */
  readonly browser?: Browser
}

/** How long the server may say nothing, not even a comment. */
const silenceMs = 40_000
const stopTries = 6

/**
 * The browser's side of `createTurnHandler`: sends messages, follows answers through reloads and broken connections, stops them.
 *
 * @example
 * ```ts
 * import { createTurnClient } from 'leftoff'
 *
 * const client = createTurnClient({ api: '/api/turn' })
 * for await (const event of client.send({ userId, workspace, conversationId }, { message })) {
 *   if (event.type === 'text') append(event.text)
 *   if (event.type === 'discard') dropUnfinished()
 * }
 * ```
 */
export function createTurnClient({
  api,
  fetch: ask = (url, init) => fetch(url, init),
  name = 'claude-session-storage',
  persistContent = true,
  clock = systemClock,
  browser = realBrowser,
}: TurnClientOptions): TurnClient {
  const unsent = unsentTurns(browser, name)
  const runs = new Map<string, TurnRun>()

  function address(conversation: TurnConversation, query: { turnId?: string; after?: number }): string {
    const { workspace, conversationId } = conversation
    return `${api}${api.includes('?') ? '&' : '?'}${turnQuery({ workspace, conversationId, ...query })}`
  }

  async function* read(
    run: TurnRun,
    conversation: TurnConversation,
    turn: UnsentTurn | undefined,
  ): AsyncGenerator<TurnClientEvent, void, undefined> {
    const { userId: _, ...named } = conversation
    const post = turn && JSON.stringify({ ...named, ...withoutTime(turn) })
    if (turn && persistContent) unsent.add(conversation, turn)
    if (run.turnId !== undefined) runs.set(run.turnId, run)
    try {
      const events = readTurnStream(run, { clock, browser, silenceMs }, (request, signal) =>
        request === 'post' && post !== undefined
          ? ask(api, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: post, signal })
          : ask(address(conversation, run.turnId === undefined ? {} : { turnId: run.turnId, after: run.after }), {
              signal,
            }),
      )
      for await (const event of events) {
        if (event.type === 'turn') {
          run.turnId = event.turnId
          runs.set(event.turnId, run)
        }
        if (event.type === 'error') throw turnError(event)
        yield event
      }
    } finally {
      if (run.turnId !== undefined && runs.get(run.turnId) === run) runs.delete(run.turnId)
      run.isOver = true
      run.ended.resolve()
    }
  }

  function newRun(turnId: string | undefined, sentAt: number | undefined, signal: AbortSignal | undefined): TurnRun {
    const left = sentAt === undefined ? undefined : patienceMs - Math.max(0, clock.now() - sentAt)
    return {
      turnId,
      after: 0,
      signal,
      heard: deferred(),
      ended: deferred(),
      isOver: false,
      wake: () => {},
      progress: {
        isSend: sentAt !== undefined,
        isHeard: false,
        isStopping: false,
        failures: 0,
        giveUpAt: left === undefined ? undefined : clock.monotonic() + left,
        busySince: undefined,
      },
    }
  }

  return {
    send(conversation, message, { signal } = {}) {
      const turnId = message.turnId ?? createId()
      const at = message.at ?? clock.now()
      const turn: UnsentTurn = { ...message, turnId, messageId: message.messageId ?? turnId, at }
      const run = newRun(turnId, at, signal)
      void run.heard.promise.then(() => unsent.remove(conversation, turnId))
      return read(run, conversation, turn)
    },

    follow: (conversation, { turnId, signal } = {}) => read(newRun(turnId, undefined, signal), conversation, undefined),

    async stop(conversation, turnId) {
      const run = runs.get(turnId)
      if (run) {
        run.progress = { ...run.progress, isStopping: true }
        run.wake()
        await Promise.race([run.heard.promise, run.ended.promise])
      }
      for (let tries = 1; !run?.isOver; tries++) {
        const status = await ask(address(conversation, { turnId }), { method: 'DELETE' }).then(
          (answer) => answer.status,
          () => 0,
        )
        // 404: it has ended, and the server no longer knows it.
        if ((status >= 200 && status < 300) || status === 404) break
        if (status >= 400 && status < 500) throw new LeftoffError('turn-failed', `The server answered ${status}.`)
        if (tries === stopTries) throw new LeftoffError('unreachable', 'The server did not answer. Stop again.')
        await Promise.race([pause(clock, 1_000), run?.ended.promise])
      }
      await run?.ended.promise
    },

    unsent: unsent.read,
    forgetUnsent: unsent.remove,
  }
}

function withoutTime({ at: _, ...turn }: UnsentTurn): Omit<UnsentTurn, 'at'> {
  return turn
}

function turnError({ code, ...options }: Extract<TurnStreamEnd, { type: 'error' }>): LeftoffError {
  return new LeftoffError(code, turnErrorSentence(code), options)
}
