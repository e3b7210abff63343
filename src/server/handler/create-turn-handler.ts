import { systemClock } from '../../core/clock.js'
import { type TabKey, tabKey } from '../../core/tab-key.js'
import type { TurnRequest } from '../../core/turn-requests.js'
import { asNoStore } from '../refuse.js'
import { contain, reportError } from '../report-error.js'
import { hashMessage } from '../turn-ids.js'
import { busy, empty, otherMessage, refuseTurn, unknownTurn } from './answers.js'
import { checkHandlerOptions } from './check-handler-options.js'
import type { EventReader } from './event-reader.js'
import { followLog } from './follow-log.js'
import { startLiveTurn } from './live-turn.js'
import { createLiveTurns } from './live-turns.js'
import { type StandardSchema, textInput } from './message-input.js'
import { readTurnQuery, readTurnRequest } from './read-turn-request.js'
import { streamResponse } from './stream-response.js'
import type { TurnHandler, TurnHandlerOptions, TurnIds } from './turn-handler.js'
import { createTurnStates } from './turn-states.js'

/**
 * Turns over HTTP that outlive the page: `POST` sends a message, `GET` follows a running turn, `DELETE` stops it. A message
 * that is sent twice runs once. The answer continues when its page is closed, is stored by `onAnswer`, and is followed by
 * whoever opens the conversation in the meantime.
 *
 * Web-standard: mount it at one address for all three methods. Throws `invalid-argument` for options that cannot work.
 *
 * @example
 * ```ts
 * import { createTurnHandler, memoryAgentSessions, memoryTurnLog, statelessDriver } from 'leftoff/server'
 *
 * const turns = createTurnHandler({
 *   sessions: memoryAgentSessions(),
 *   log: memoryTurnLog(),
 *   agent: statelessDriver<string>({ textOf: (piece) => piece }),
 *   authorize: async (request) => {
 *     const userId = await userOf(request)
 *     return userId === undefined ? new Response('Sign in first.', { status: 401 }) : { userId }
 *   },
 *   run: ({ input, signal }) => streamAnswer(input, signal),
 *   onAnswer: ({ userId, conversationId, answerId, text }) => upsertMessage({ userId, conversationId, id: answerId, text }),
 * })
 * export const { GET, POST, DELETE } = turns
 * ```
 */
export function createTurnHandler<M, I = string>(options: TurnHandlerOptions<M, I>): TurnHandler {
  checkHandlerOptions(options)
  const { sessions, log, authorize, waitUntil, maxBodyBytes = 256 * 1024, clock = systemClock } = options
  // Without a schema the input is a text, which `I` is then too.
  const input = options.input ?? (textInput as unknown as StandardSchema<I>)
  const onError = (error: unknown) => reportError(options.onError, error)
  const stateOf = createTurnStates(sessions, clock)
  const live = createLiveTurns()
  const endsWithReader = log === false && options.onDisconnect !== 'continue'

  /** The user's key of a conversation, or the app's answer to who may not. */
  async function authorized(
    request: Request,
    { workspace, conversationId }: { readonly workspace: string; readonly conversationId: string },
  ): Promise<{ readonly userId: string; readonly key: TabKey } | Response> {
    const who = await authorize(request, { workspace, conversationId })
    // No `instanceof`: some adapters put a Response of their own in place of the global one.
    if ('headers' in who) return asNoStore(who)
    return { userId: who.userId, key: tabKey({ userId: who.userId, workspace, tabId: conversationId }) }
  }

  /** The stream of a turn that this request did not begin. */
  function follow(key: TabKey, turnId: string, after: number, question?: TurnRequest): Response {
    const reader: EventReader =
      live.find(key, turnId)?.read(after) ??
      followLog({
        log,
        key,
        turnId,
        after,
        stateOf: () => stateOf(key, turnId),
        question: question && {
          type: 'turn',
          turnId,
          messageId: question.messageId ?? turnId,
          message: question.message,
        },
        clock,
      })
    return streamResponse(reader, { turnId, after, clock, endsWithReader, maxMs: longestFollowMs })
  }

  async function post(request: Request): Promise<Response> {
    const sent = await readTurnRequest(request, maxBodyBytes)
    if (!('workspace' in sent)) return sent
    const who = await authorized(request, sent)
    if (!('key' in who)) return who
    const { userId, key } = who
    const { workspace, conversationId, turnId, messageId = turnId, message, fresh = false } = sent
    const checked = await input['~standard'].validate(message)
    if (checked.issues)
      return refuseTurn(422, 'message-refused', checked.issues.map(({ message }) => message).join(' '))
    const messageHash = await hashMessage(messageId, message)
    const known = live.find(key, turnId)
    if (known) return known.messageHash === messageHash ? follow(key, turnId, 0) : otherMessage()
    if (live.isClosed()) return notStarted()

    const ids: TurnIds = { userId, workspace, conversationId, turnId, messageId }
    const turn = await startLiveTurn({
      handler: options,
      key,
      ids,
      message,
      messageHash,
      input: checked.value,
      fresh,
      clock,
    })
    if (!turn.ok) {
      if (turn.reason === 'busy') return busy(turn.turn, turn.retryAfterMs)
      return turn.reason === 'other-message' ? otherMessage() : follow(key, turnId, 0, sent)
    }
    live.add(key, turnId, turn)
    contain(() => waitUntil?.(turn.ended), onError)
    const reader = turn.read(0)
    try {
      await turn.begun
    } catch {
      reader.close() // `onError` has it
      return notStarted()
    }
    const response = streamResponse(reader, { turnId, after: 0, clock, endsWithReader })
    if (request.signal.aborted) await response.body?.cancel()
    return response
  }

  async function get(request: Request): Promise<Response> {
    const query = readTurnQuery(request)
    if (!('workspace' in query)) return query
    const who = await authorized(request, query)
    if (!('key' in who)) return who
    const { key } = who
    const { turnId, after = 0 } = query
    const state = await sessions.getTurn(key, turnId)
    if (turnId !== undefined) {
      return state || live.find(key, turnId) ? follow(key, turnId, after) : unknownTurn()
    }
    const isRunning = state?.state === 'running' || state?.state === 'stopping'
    return isRunning ? follow(key, state.turnId, 0) : empty(204)
  }

  async function remove(request: Request): Promise<Response> {
    const query = readTurnQuery(request)
    if (!('workspace' in query)) return query
    const { turnId } = query
    if (turnId === undefined) return refuseTurn(400, 'not-a-turn', 'Not a valid turn request: check `turnId`.')
    const who = await authorized(request, query)
    if (!('key' in who)) return who
    const { key } = who
    const running = live.find(key, turnId)
    if (running) {
      running.stop()
      return empty(202)
    }
    const isKnown = (await sessions.requestStop(key, turnId)) || (await sessions.getTurn(key, turnId)) !== undefined
    return isKnown ? empty(202) : unknownTurn()
  }

  /** What the app or a store throws is for the server's log. */
  function contained(answer: (request: Request) => Promise<Response>): (request: Request) => Promise<Response> {
    return (request) =>
      answer(request).catch((error: unknown) => {
        onError(error)
        return notStarted()
      })
  }

  const GET = contained(get)
  const POST = contained(post)
  const DELETE = contained(remove)
  return {
    GET,
    POST,
    DELETE,
    async fetch(request) {
      if (request.method === 'GET') return GET(request)
      if (request.method === 'POST') return POST(request)
      if (request.method === 'DELETE') return DELETE(request)
      return refuseTurn(405, 'not-a-turn', 'Use GET, POST or DELETE.', { Allow: 'GET, POST, DELETE' })
    },
    close: live.close,
  }
}

function notStarted(): Response {
  return refuseTurn(503, 'not-started', 'The server could not do this now. Send the same request again.')
}

/** Then the reader comes again, and is asked again who it is. */
const longestFollowMs = 5 * 60_000
