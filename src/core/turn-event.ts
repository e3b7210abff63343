import type { TokenUsage } from './session.js'

/** What `runTurn` yields, in order: `recovered`?, `started`, then messages, then `done`. */
export type TurnEvent<M> =
  /** Once, after any `recovered`, when the first message shows which it is. */
  | { readonly type: 'started'; readonly resumed: boolean }
  /**
   * The agent's session could not be used as asked. `contextLost`: the agent no longer knows the earlier messages;
   * tell the user.
   */
  | { readonly type: 'recovered'; readonly reason: RecoveryReason; readonly contextLost: boolean }
  | { readonly type: 'message'; readonly message: M }
  /** The agent streams this message again: drop the unfinished one. */
  | { readonly type: 'discard' }
  | { readonly type: 'done'; readonly usage?: TokenUsage; readonly preview?: string }

/** Why a turn did not go on from where the agent's session stood. */
export type RecoveryReason =
  /** The agent does not know the session id. */
  | 'stale'
  /** The agent knows the session but not the point in it. */
  | 'stale-point'
  /** The stored id is not one the agent could have given. */
  | 'invalid'
  /** The stored session ran out. */
  | 'expired'
  /** No session was stored although the conversation has messages. */
  | 'unknown'
