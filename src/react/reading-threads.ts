import type { SessionStore } from '../store/session-store.js'
import type { TurnClient, TurnConversation } from '../turns/turn-client.js'
import type { Thread } from './thread.js'

/** As many answers are read to their end though nobody looks: a browser has six connections for all of an origin. */
const unwatched = 3

// By its store, so that no two stores meet. What nobody looks at and what reads nothing is not in here.
const threadsOfStore = new WeakMap<SessionStore, Set<Thread>>()

/** The threads of a store that somebody looks at, or that read an answer. */
export function readingThreads(store: SessionStore) {
  const threads = threadsOfStore.get(store) ?? new Set()
  threadsOfStore.set(store, threads)
  return {
    /** The one that a page comes back to: it reads on, over the connection it has. */
    find: (client: TurnClient, conversation: TurnConversation) =>
      [...threads].find((one) => one.client === client && keyOf(one.conversation) === keyOf(conversation)),
    add(thread: Thread): void {
      threads.delete(thread)
      threads.add(thread)
    },
    delete: (thread: Thread) => threads.delete(thread),
    /** The oldest are left: what they miss is loaded, and counted, when somebody looks again. */
    limit(): void {
      for (const thread of [...threads].filter((one) => !one.isOpen()).slice(0, -unwatched)) thread.leave()
    },
  }
}

const keyOf = ({ userId, workspace, conversationId }: TurnConversation) =>
  JSON.stringify([userId, workspace, conversationId])
