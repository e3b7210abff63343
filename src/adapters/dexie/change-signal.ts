import { isObject } from '../../core/checks.js'

/** What the signal uses of a `BroadcastChannel`. */
export type ChangeChannel = Pick<BroadcastChannel, 'postMessage' | 'addEventListener' | 'close'>

/**
 * Notifies the handles of one database of the conversations that changed. Messages carry ids, never state: whoever hears one reads
 * again, and a message is sent after the commit, so that reading finds the change.
 *
 * A channel does not hear itself. With one for sending and one for hearing, a handle hears its own changes like any other.
 */
export function changeSignal(createChannel: () => ChangeChannel) {
  const listeners = new Set<Listener>()
  let sender: ChangeChannel | undefined
  let receiver: ChangeChannel | undefined
  let isClosed = false

  function onMessage({ data }: MessageEvent<unknown>): void {
    const change = readChanged(data)
    if (!change) return // of another version, or not ours
    for (const listener of [...listeners]) listener(change)
  }

  return {
    /** No ids: anything may have changed. */
    announce(userId: string, conversationIds: readonly string[]): void {
      if (isClosed) return
      sender ??= createChannel()
      sender.postMessage({ userId, conversationIds } satisfies Changed)
    },
    subscribe(userId: string, listener: (conversationIds: readonly string[]) => void): () => void {
      const own: Listener = (change) => {
        if (change.userId === userId) listener(change.conversationIds)
      }
      listeners.add(own)
      if (!receiver && !isClosed) {
        receiver = createChannel()
        receiver.addEventListener('message', onMessage)
      }
      return () => listeners.delete(own)
    },
    close(): void {
      isClosed = true
      listeners.clear()
      sender?.close()
      receiver?.close()
    },
  }
}

/** What is sent. */
interface Changed {
  readonly userId: string
  readonly conversationIds: readonly string[]
}

type Listener = (change: Changed) => void

function readChanged(data: unknown): Changed | undefined {
  if (!isObject(data) || typeof data.userId !== 'string' || !Array.isArray(data.conversationIds)) return undefined
  const { userId, conversationIds } = data
  return conversationIds.every((id) => typeof id === 'string') ? { userId, conversationIds } : undefined
}
