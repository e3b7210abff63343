import type { Clock } from '../../src/core/clock.js'
import { encodeSentEvent, type TurnStreamEvent } from '../../src/core/turn-stream.js'

/** What happens to one request. */
export type Fault =
  /** It never arrives. */
  | 'lost'
  /** It arrives, its answer does not. */
  | 'unanswered'
  /** The stream breaks after as many events. */
  | { readonly cutAfter: number }
  /** Neither an answer nor an error. */
  | 'hangs'
  | { readonly status: number; readonly body?: object }

interface Turn {
  readonly events: TurnStreamEvent[]
  readonly readers: Set<() => void>
  isOver: boolean
  isStopped: boolean
}

/** One conversation's turn handler in memory: an answer of words, one each `wordMs`, and faults as scripted. */
export function turnServer(clock: Clock, { words = ['one ', 'two ', 'three'], wordMs = 100 } = {}) {
  const turns = new Map<string, Turn>()
  const requests: { readonly method: string; readonly turnId: string | null; readonly after: string | null }[] = []
  const faults: (Fault | undefined)[] = []
  const runs: string[] = []
  /** What the app stores: `onQuestion` before the stream begins, `onAnswer` before the end is told. */
  const messages: { id: string; role: 'user' | 'assistant'; text: string; at: number; outcome?: string }[] = []
  const store = (id: string, role: 'user' | 'assistant', text: string, outcome?: string): void => {
    const found = messages.find((one) => one.id === id)
    if (found) Object.assign(found, { text, outcome })
    else messages.push({ id, role, text, at: clock.now(), ...(outcome && { outcome }) })
  }

  function begin(turnId: string, messageId: string, message: unknown): Turn {
    const turn: Turn = {
      events: [{ type: 'turn', turnId, messageId, message }],
      readers: new Set(),
      isOver: false,
      isStopped: false,
    }
    turns.set(turnId, turn)
    runs.push(turnId)
    store(messageId, 'user', String(message))
    const say = (index: number): void => {
      const word = words[index]
      const event: TurnStreamEvent = turn.isStopped
        ? { type: 'stopped' }
        : word === undefined
          ? { type: 'done', kept: true }
          : { type: 'text', text: word }
      const text = turn.events.map((one) => (one.type === 'text' ? one.text : '')).join('')
      if (event.type !== 'text' && text !== '') store(`${messageId}.answer`, 'assistant', text, event.type)
      turn.events.push(event)
      turn.isOver = event.type !== 'text'
      for (const reader of [...turn.readers]) reader()
      if (!turn.isOver) clock.setTimeout(() => say(index + 1), wordMs)
    }
    clock.setTimeout(() => say(0), wordMs)
    return turn
  }

  function stream(turnId: string, turn: Turn, after: number, cutAfter: number, signal: AbortSignal | null): Response {
    let next = after
    let close = () => {}
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        const send = (): void => {
          for (; next < turn.events.length && next - after < cutAfter; next++) {
            const text = encodeSentEvent(turnId, next + 1, JSON.stringify(turn.events[next]))
            // In pieces, as a network cuts it.
            for (const piece of [text.slice(0, 9), text.slice(9)]) controller.enqueue(new TextEncoder().encode(piece))
          }
          if (turn.isOver || next - after >= cutAfter) close()
        }
        close = () => {
          turn.readers.delete(send)
          close = () => {}
          controller.close()
        }
        turn.readers.add(send)
        signal?.addEventListener('abort', () => close())
        send()
      },
      cancel: () => close(),
    })
    return new Response(body, { headers: { 'Content-Type': 'text/event-stream; charset=utf-8' } })
  }

  function answer(url: URL, init: RequestInit, cutAfter: number): Response {
    const signal = init.signal ?? null
    if (init.method === 'POST') {
      const { turnId, messageId, message } = JSON.parse(String(init.body))
      const known = turns.get(turnId)
      const [busyWith] = [...turns].find(([id, turn]) => id !== turnId && !turn.isOver) ?? []
      if (!known && busyWith !== undefined) {
        const body = { code: 'turn-busy', message: 'busy', turnId: busyWith, state: 'running', retryAfterMs: 30_000 }
        return Response.json(body, { status: 409 })
      }
      return stream(turnId, known ?? begin(turnId, messageId, message), 0, cutAfter, signal)
    }
    const asked = url.searchParams.get('turnId')
    if (init.method === 'DELETE') {
      const turn = turns.get(asked ?? '')
      if (turn) turn.isStopped = true
      return new Response(null, { status: turn ? 202 : 404 })
    }
    const found = asked === null ? [...turns].find(([, { isOver }]) => !isOver) : ([asked, turns.get(asked)] as const)
    if (!found) return new Response(null, { status: 204 })
    const [turnId, turn] = found
    if (!turn) return Response.json({ code: 'unknown-turn', message: 'unknown' }, { status: 404 })
    return stream(turnId, turn, Number(url.searchParams.get('after') ?? 0), cutAfter, signal)
  }

  return {
    turns,
    messages,
    /** The turns that an agent was started for. */
    runs,
    requests,
    /** What happens to the next requests, in order. */
    faults,
    begin,
    async fetch(url: string, init: RequestInit = {}): Promise<Response> {
      const { searchParams } = new URL(url, 'http://localhost')
      const turnId = init.method === 'POST' ? JSON.parse(String(init.body)).turnId : searchParams.get('turnId')
      requests.push({ method: init.method ?? 'GET', turnId, after: searchParams.get('after') })
      const fault = faults.shift()
      if (fault === 'lost') throw new TypeError('Failed to fetch')
      if (fault === 'hangs') {
        return new Promise((_, reject) => init.signal?.addEventListener('abort', () => reject(new Error('aborted'))))
      }
      if (typeof fault === 'object' && 'status' in fault) {
        return Response.json(fault.body ?? {}, { status: fault.status })
      }
      const answered = answer(
        new URL(url, 'http://localhost'),
        init,
        typeof fault === 'object' ? fault.cutAfter : Infinity,
      )
      if (fault === 'unanswered') throw new TypeError('Failed to fetch')
      return answered
    },
  }
}
