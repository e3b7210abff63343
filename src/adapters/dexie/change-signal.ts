import * as z from 'zod/mini'

/** What the signal uses of a `BroadcastChannel`. */
export type ChangeChannel = Pick<BroadcastChannel, 'postMessage' | 'addEventListener' | 'close'>

/**
 * Tells handles of one name which conversations changed. Messages carry ids, never state: whoever hears one reads again, and
 * a message is sent after the commit, so what is read is new.
 *
 * A channel does not hear itself. With one for sending and one for hearing, a handle's own listeners are told the way others are.
 */
export function changeSignal(createChannel: () => ChangeChannel) {
  const listeners = new Set<Listener>()
  let sender: ChangeChannel | undefined
  let receiver: ChangeChannel | undefined
  let isClosed = false

  function onMessage({ data }: MessageEvent<unknown>): void {
    const message = z.safeParse(changed, data)
    if (!message.success) return // of another version, or not ours
    for (const listener of [...listeners]) listener(message.data)
  }

  return {
    tell(userId: string, conversationIds: readonly string[]): void {
      if (isClosed || conversationIds.length === 0) return
      sender ??= createChannel()
      sender.postMessage({ userId, conversationIds } satisfies Changed)
    },
    subscribe(userId: string, listener: (conversationIds: readonly string[]) => void): () => void {
      const own: Listener = (message) => {
        if (message.userId === userId) listener(message.conversationIds)
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

const changed = z.object({ userId: z.string(), conversationIds: z.array(z.string()) })

interface Changed {
  readonly userId: string
  readonly conversationIds: readonly string[]
}

type Listener = (message: Changed) => void
