// What your app has already, as route.ts uses it.

import type { UIMessage } from 'ai'
import type { TurnHandlerSettings, TurnIds } from 'leftoff/server'

export { log, sessions } from '../turns/your-app.js'

/** `outcome`: an answer that is not whole was `stopped` or `failed`. */
export type Message = UIMessage<{ at: number; outcome?: string }, { recovered: { contextLost: boolean } }>

/** Who asks, by your authentication: ../../routes/turns.ts has it in full. */
export declare const app: Pick<TurnHandlerSettings<never, string>, 'authorize' | 'onError'>

/** Stores a message, its parts as JSON, or replaces it: by user, conversation and the message's id. */
export declare function putMessage(stored: {
  readonly userId: string
  readonly conversationId: string
  readonly message: Message
}): Promise<void>

/** The user's conversation, oldest first; also what your route `/api/messages/<conversationId>` answers with. */
export declare function messagesOf(conversation: Pick<TurnIds, 'userId' | 'conversationId'>): Promise<Message[]>
