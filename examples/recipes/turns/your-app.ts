// What your app has already, as the routes beside this file use it.

import type { AgentSessionStore, TurnHandlerSettings, TurnIds, TurnLog } from 'leftoff/server'

export declare const sessions: AgentSessionStore
export declare const log: TurnLog

/** Who asks, and its messages: ../../routes/turns.ts has these in full. */
export declare const app: Pick<TurnHandlerSettings<never, string>, 'authorize' | 'onQuestion' | 'onAnswer' | 'onError'>

/** The conversation as it is stored, the question that `onQuestion` has just stored included. */
export declare function messagesOf(turn: TurnIds): Promise<{ id: string; role: 'user' | 'assistant'; text: string }[]>
