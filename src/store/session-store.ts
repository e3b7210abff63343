import type { Clock } from '../core/clock.js'
import type { LeftoffError } from '../core/error.js'
import type { ConversationSession } from '../core/session.js'
import type { SessionAdapter } from '../core/session-adapter.js'
import type { SessionEvent } from '../core/session-event.js'
import type { Browser } from './browser.js'
import type { GuestClaim, LegacyImport } from './context.js'
import type { DraftStorage } from './drafts.js'
import type { RecordedMessage } from './history.js'

/** Options of `createSessionStore`. */
export interface SessionStoreOptions {
  /** Where sessions are stored. */
  readonly adapter: SessionAdapter
  /** From the app's authentication. Omitted: the app has no users. `null`: not known yet; nothing is opened. */
  readonly userId?: string | null
  /**
   * What is shown before anything was opened, such as the history that a server rendered: the same there and in the browser.
   * What storage says replaces it. Sessions of other users and values that are not sessions are left out.
   */
  readonly initialState?: InitialSessionState
  /** The workspace of `newConversation()` before any was opened. */
  readonly workspace?: string
  /** Names this store within its tab: each panel has its own conversations. */
  readonly panel?: string
  /** How many sessions the history ring of a workspace shows; 10. */
  readonly capacity?: number
  /** Whether a tab that had no conversation continues the newest one, or begins a new one. */
  readonly resume?: 'latest' | 'new'
  /** Whether a conversation that the app asks for while another tab has it is watched, or a new one begins. */
  readonly whenOpenElsewhere?: 'watch' | 'new'
  /** Called with every event worth showing to the user. */
  readonly onEvent?: (event: SessionEvent) => void
  /** The prefix of the keys this store writes, and the key of the snapshot; `claude-session-storage` when omitted. */
  readonly name?: string
  /**
   * Whether to write the snapshot that older code and DevTools read; `true`. For older code with another shape: what to write, as
   * that code stored it.
   */
  readonly snapshot?: boolean | ((state: SessionState) => object)
  /** `false` keeps titles, previews and drafts out of every storage. */
  readonly persistContent?: boolean
  /** Drafts: pass `drafts()`. */
  readonly drafts?: DraftStorage
  /** Imports what an older app left: pass `importLegacy()`, and nothing else. */
  readonly legacy?: LegacyImport
  /** Makes what a guest did on this device that of who signs in: pass `guests()`. */
  readonly guests?: GuestClaim
  /** How many conversations of a user a device keeps; 1,000. Never fewer than ten per workspace. */
  readonly maxConversations?: number
  /** How long opening waits for storage before the chat continues in memory, in ms; 3,000. */
  readonly openTimeoutMs?: number
  /** For tests; the machine's when omitted. */
  readonly clock?: Clock
  /** Creates conversation ids; random UUIDs when omitted. */
  readonly createId?: () => string
  /** For tests; the page this script runs in when omitted. */
  readonly browser?: Browser
}

/** What a server knows of a session store's state. */
interface InitialSessionState {
  /** As the adapter's `list` gave them. */
  readonly sessions: readonly ConversationSession[]
}

/** What a {@link SessionStore} holds. */
export interface SessionState {
  /** `''` in an app without users, `undefined` while no user is known or after signing out. */
  readonly userId: string | undefined
  /** The user's history, newest first: as much of it as was loaded. */
  readonly sessions: readonly ConversationSession[]
  /** Whether storage has older sessions that `loadMore()` would load. */
  readonly hasMore: boolean
  readonly currentConversationId: string | undefined
  readonly currentWorkspace: string | undefined
  /** Whether the current conversation is an earlier one that came back when the workspace was opened. */
  readonly isResumed: boolean
  /** The user's conversations that other tabs of this browser have open. */
  readonly openElsewhere: readonly string[]
  readonly status: SessionStatus
  /** What is open in each workspace that was opened. */
  readonly workspaces: Readonly<Record<string, WorkspaceState>>
  readonly saving: SavingState
}

/**
 * `watching`: another tab has the conversation. `degraded`: storage fails, the chat continues in memory. `signed-out`: the user
 * signed out on this device.
 */
export type SessionStatus = 'idle' | 'opening' | 'ready' | 'watching' | 'degraded' | 'signed-out'

/** How far saving is. */
export interface SavingState {
  /** How many conversations are waiting to be saved or removed. */
  readonly pending: number
  /** Ms since the epoch. */
  readonly lastSavedAt: number | undefined
  /** Of the last attempt, until one succeeds. */
  readonly error: LeftoffError | undefined
}

/** One open workspace. */
export interface WorkspaceState {
  readonly conversationId: string | undefined
  readonly status: SessionStatus
  readonly isResumed: boolean
  /** Whether a person chose the conversation, by beginning it or switching to it, after the workspace was opened. */
  readonly isChosen?: boolean
}

/** Options of `initConversation`. */
export interface OpenOptions {
  /** The conversation to open, such as from a link. */
  readonly conversationId?: string
  /** Whether to create it under this id if storage does not know it. */
  readonly createUnknown?: boolean
}

/** What an app does with sessions. All are safe to pass around without the store. */
export interface SessionActions {
  /**
   * Opens the workspace: resumes its conversation or creates one. Resolves to its id, which is current unless the app asked for
   * another one in the meantime. Calling it again changes nothing. Rejects with `invalid-argument`, `no-user`, or `disposed` or
   * `signed-out` if that happens first; a storage that fails gives a conversation in memory.
   */
  initConversation(workspace: string, options?: OpenOptions): Promise<string>
  /** Begins a conversation, current at once; stored with the first thing recorded in it. Throws `invalid-argument`, `no-user`. */
  newConversation(workspace?: string): string
  /** Makes another conversation of the user current; one that another tab has is watched. */
  switchConversation(conversationId: string): Promise<SwitchResult>
  /** Takes over the current conversation, or that of a workspace, from the tab that has it. Resolves to whether it is this tab's now. */
  takeOver(workspace?: string): Promise<boolean>
  /** Moves a conversation to the top of the history. Without an id the current one; pass it when an answer may outlive a switch. */
  updateActivity(conversationId?: string): void
  /**
   * Counts one message, once it is whole: never call it per delta. Without an id it is one of the current conversation, or of the
   * workspace's, as soon as one is open there. Throws `no-user`, `invalid-argument`.
   */
  recordMessage(message: RecordedMessage & { readonly conversationId?: string; readonly workspace?: string }): void
  /** Gives a conversation a title of at most 1,000 code points; `''` removes it. A person's title wins over the app's. */
  renameConversation(conversationId: string, title: string, options?: { readonly by?: 'person' | 'app' }): void
  /**
   * Removes a conversation. If it is open, a new one takes its place. With `undoMs` it is hidden at once and removed after that
   * time, unless `restoreConversation` is called first. Rejects if storage fails; leftoff retries automatically.
   */
  removeConversation(conversationId: string, options?: { readonly undoMs?: number }): Promise<void>
  /** Takes back a removal that storage was not asked for yet. Returns whether there was one. */
  restoreConversation(conversationId: string): boolean
  /** Removes the user's conversations of a workspace. Rejects if storage fails; then nothing is removed. */
  clearWorkspaceConversation(workspace: string): Promise<void>
  /** Removes all of the user's conversations, on every device if the adapter is the account's. Rejects if storage fails. */
  clearAll(): Promise<void>
  /** Loads the next page of the history, of one workspace or of all. Resolves to whether there is more. */
  loadMore(workspace?: string): Promise<boolean>
  /** What the person was typing in the conversation; `''` if nothing. Needs `drafts`. */
  draftOf(conversationId: string): string
  /** Keeps what the person is typing. Needs `drafts`. */
  setDraft(conversationId: string, text: string): void
  /**
   * Switches to another user, or to none (`null`) while it is not known who it is. Pending changes are saved for the previous
   * user; nothing of theirs is shown or sent as the next one's. Resolves when they are saved; rejects if that fails.
   *
   * With `claimGuest` what a guest did on this device becomes the user's before anything is opened. Pass it at each sign-in and
   * each load: it changes nothing if there is nothing, and continues what was interrupted. Rejects if not all could be moved.
   * Needs `guests`.
   */
  setUser(userId: string | null, options?: { readonly claimGuest?: boolean }): Promise<void>
  /**
   * Forgets the user on this device, in all tabs: history, drafts, unsaved changes, rows of a device adapter. What is in the
   * account stays; `flush()` first if unsaved changes should reach it. With `keepHistory` nothing is deleted: the tabs only show
   * `signed-out`. Rejects with `no-user` if no user is known, and if the adapter fails.
   */
  signOut(options?: { readonly keepHistory?: boolean }): Promise<void>
  /**
   * Saves now. Resolves when everything recorded so far is stored, as safe as the adapter's durability; otherwise rejects with the
   * typed error, and once for what was refused.
   */
  flush(): Promise<void>
  /** Saves what is left and stops. Safe to call more than once. */
  dispose(): Promise<void>
}

/** What `switchConversation` resolves to. */
type SwitchResult = { readonly ok: true } | { readonly ok: false; readonly reason: 'open-elsewhere' | 'not-found' }

/** A zustand vanilla store of the user's sessions, read-only from outside, with the actions beside the state. */
export interface SessionStore extends SessionActions {
  /** How many sessions the history ring of a workspace shows. */
  readonly capacity: number
  /** The state as it is now. */
  getState(): SessionState
  /** The state before anything was opened, as a server renders it. */
  getInitialState(): SessionState
  /** What is open in a workspace. */
  stateOf(workspace: string): WorkspaceState
  /**
   * Calls `listener` at once with the state twice, and after each change with the state before, until the returned function is
   * called. So the store is a readable Svelte store.
   */
  subscribe(listener: (state: SessionState, previous: SessionState) => void): () => void
  /** Calls `listener` for each event until the returned function is called. */
  on(listener: (event: SessionEvent) => void): () => void
}
