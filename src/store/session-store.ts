import type { SessionAdapter } from '../core/adapter.js'
import type { Clock } from '../core/clock.js'
import type { LeftoffError } from '../core/error.js'
import type { ConversationSession } from '../core/session.js'
import type { SessionEvent } from '../core/session-event.js'
import type { RecordedMessage } from '../core/unsaved.js'
import type { Browser } from './browser.js'

/** Options of `createSessionStore`. */
export interface SessionStoreOptions {
  /** Where sessions are stored; `localStorageAdapter()` when omitted. */
  readonly adapter?: SessionAdapter
  /** From the app's authentication. Omitted: the app has no users. `null`: not known yet, nothing is opened. */
  readonly userId?: string | null
  /**
   * What is shown before anything was opened, such as the history that a server rendered: the same there and in the browser.
   * What storage says replaces it. Sessions of another user are left out.
   */
  readonly initialState?: InitialSessionState
  /** The workspace of `newConversation()` before any was opened. */
  readonly workspace?: string
  /** How many sessions the history ring of a workspace shows. */
  readonly capacity?: number
  /** Whether a tab that had no conversation goes on with the newest one, or begins a new one. */
  readonly resume?: 'latest' | 'new'
  /** Told of everything that a user may have to know. */
  readonly onEvent?: (event: SessionEvent) => void
  /** The prefix of the keys this store writes, and the key of the snapshot; `claude-session-storage` when omitted. */
  readonly name?: string
  /** Whether to keep the blob that older code and DevTools read. */
  readonly snapshot?: boolean
  /** `false` keeps titles and previews out of every storage. */
  readonly persistContent?: boolean
  /** How many days after its last activity a conversation is removed. */
  readonly retentionDays?: number
  /** How long opening waits for storage before the chat goes on in memory. */
  readonly openTimeoutMs?: number
  /** For tests; the real one when omitted. */
  readonly clock?: Clock
  /** How ids of conversations and saves are minted; random UUIDs when omitted. */
  readonly createId?: () => string
  /** For tests; the page this script runs in when omitted. */
  readonly browser?: Browser
}

/** What a server knows of a session store's state: a {@link SessionStoreOptions} of both sides. */
export interface InitialSessionState {
  /** As the adapter's `list` gave them. */
  readonly sessions: readonly ConversationSession[]
}

/** What a {@link SessionStore} holds. */
export interface SessionState {
  /** Whose sessions these are: `''` in an app without users, `undefined` while nobody is known or after signing out. */
  readonly userId: string | undefined
  /** The user's history, newest activity first: the current workspace's ring, and the newest 100 over all workspaces. */
  readonly sessions: readonly ConversationSession[]
  readonly currentConversationId: string | undefined
  readonly currentWorkspace: string | undefined
  /** Whether the current conversation is an earlier one that came back. */
  readonly isResumed: boolean
  /** The user's conversations that other tabs of this browser have open. Empty where the browser has no Web Locks. */
  readonly openElsewhere: readonly string[]
  /** `degraded`: storage fails, the chat goes on in memory. `lost`: another tab has this tab's conversation. */
  readonly status: 'idle' | 'resuming' | 'ready' | 'degraded' | 'lost'
  readonly saving: SavingState
}

/** How far saving is. */
export interface SavingState {
  /** How many conversations wait to be saved or removed. */
  readonly pending: number
  /** Ms since the epoch. */
  readonly lastSavedAt: number | undefined
  /** Of the last attempt, until one succeeds. */
  readonly error: LeftoffError | undefined
}

/** What an app does with sessions. All are safe to pass around without the store. */
export interface SessionActions {
  /**
   * Resumes the workspace's conversation or creates one; resolves to its id, current unless the app asked for another
   * one meanwhile. Calling it again changes nothing. Rejects with `invalid-argument` or `no-user` only: a storage that fails gives a conversation in memory.
   */
  initConversation(workspace: string, options?: { readonly conversationId?: string }): Promise<string>
  /** A new conversation, current at once; saving follows. Throws `invalid-argument` without a workspace, `no-user` without a user. */
  newConversation(workspace?: string): string
  /** Makes another conversation of the user current, unless another live tab has it. */
  switchConversation(conversationId: string): Promise<SwitchResult>
  /** Moves a conversation to the top of the history. Without an id the current one; pass it when an answer may outlive a switch. */
  updateActivity(conversationId?: string): void
  /** Counts one message, once it is whole: never call it per delta. */
  recordMessage(message: RecordedMessage & { readonly conversationId?: string }): void
  /** Gives a conversation a title of at most 1,000 code points; `''` takes it away. */
  renameConversation(conversationId: string, title: string): void
  /** Removes a conversation. If it is the current one, a new one takes its place. Rejects if storage fails; it is tried again by itself. */
  removeConversation(conversationId: string): Promise<void>
  /** Removes the user's conversations of a workspace. Rejects if storage fails. */
  clearWorkspaceConversation(workspace: string): Promise<void>
  /** Removes all of the user's conversations, on every device if the adapter is the account's. Rejects if storage fails. */
  clearAll(): Promise<void>
  /**
   * Goes on with another user, or with nobody (`null`) while it is not known who it is. What the one before left to save is
   * saved as theirs; nothing of theirs is shown, saved or sent as the next one's. Resolves when it was.
   */
  setUser(userId: string | null): Promise<void>
  /**
   * Forgets the user on this device, in all tabs: history, pointers, what was left to save, rows of a device adapter. What is in
   * the account stays; `flush()` first if what is unsaved should get there. Rejects if the adapter fails; the tabs show nothing
   * of the user in any case.
   */
  signOut(): Promise<void>
  /** One attempt now: resolves when everything so far is as safe as the adapter's durability, else rejects with the typed error. */
  flush(): Promise<void>
  /** Saves what is left and stops. A disposed store stays silent. Safe twice. */
  dispose(): Promise<void>
}

/** What `switchConversation` resolves to. */
export type SwitchResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: 'open-elsewhere' | 'not-found' }

/** A zustand vanilla store of the user's sessions, read-only from outside, with the actions beside the state. */
export interface SessionStore extends SessionActions {
  /** How many sessions the history ring of a workspace shows. */
  readonly capacity: number
  /** The state as it is now. */
  getState(): SessionState
  /** The state before anything was opened, as a server renders it. */
  getInitialState(): SessionState
  /** Calls `listener` after each change of the state until the returned function is called. */
  subscribe(listener: (state: SessionState, previous: SessionState) => void): () => void
  /** Calls `listener` for each event until the returned function is called. */
  on(listener: (event: SessionEvent) => void): () => void
}
