import type { TokenUsage } from './session.js'

/** What `runTurn` yields: `recovered` and `started` as they become known, messages between them, and one end. */
export type TurnEvent<M> =
  /** Once, when the agent shows which session answers. Missing if it fails before that. */
  | { readonly type: 'started'; readonly resumed: boolean }
  /**
   * The agent's session could not be used as asked. `contextLost`: the agent no longer knows the earlier messages;
   * tell the user. It may come at any time before the end.
   */
  | { readonly type: 'recovered'; readonly reason: RecoveryReason; readonly contextLost: boolean }
  | { readonly type: 'message'; readonly message: M }
  /** The agent streams this message again: drop the unfinished one. */
  | { readonly type: 'discard' }
  /** The end of an answer that is complete. */
  | { readonly type: 'done'; readonly usage?: TokenUsage; readonly preview?: string }
  /** The end of an answer that someone stopped; what was written of it stays in the agent's session. */
  | { readonly type: 'stopped' }

/** Why a turn did not continue the agent's session. */
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
  /** Another session answered than the one that was resumed, as after a command that clears it. */
  | 'changed'
  /** The agent can no longer use what it stored of the session. The id is forgotten, and the turn fails. */
  | 'unusable'
  /** The app asked to start afresh. */
  | 'fresh'
