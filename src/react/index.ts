/**
 * Provider, hooks, `NewChatButton` and `SessionHistory`.
 *
 * @module leftoff/react
 */

'use client'

export type { SavingState, SessionStatus } from '../store/session-store.js'
export { NewChatButton, type NewChatButtonProps } from './new-chat-button.js'
export { SessionHistory, type SessionHistoryProps } from './session-history.js'
export type { SessionHistoryTexts } from './session-history-texts.js'
export { SessionNotice, type SessionNoticeProps, type SessionNoticeTexts } from './session-notice.js'
export { SessionProvider, type SessionProviderProps } from './session-provider.js'
export {
  useConversationId,
  useCurrentWorkspace,
  useSessionActions,
  useSessionStatus,
  useSessions,
} from './state-hooks.js'
export type { LoadedMessage, LoadMessages, ThreadMessage } from './thread-state.js'
export type { ThreadNotice, ThreadView } from './thread-view.js'
export {
  type ConversationIdChange,
  type ConversationSessionHandlers,
  type ConversationSessionOptions,
  type ConversationSessionResult,
  useConversationSession,
} from './use-conversation-session.js'
export { useDraft } from './use-draft.js'
export { type MessagesOptions, type MessagesResult, useMessages } from './use-messages.js'
export { useSessionEvent } from './use-session-event.js'
export {
  type SessionHistoryItem,
  type SessionHistoryOptions,
  type SessionHistoryResult,
  useSessionHistory,
} from './use-session-history.js'
