import type { ComponentPropsWithoutRef, ReactElement } from 'react'
import type { SessionStatus } from '../store/session-store.js'
import { useSessionStore } from './session-context.js'
import { useSessionState } from './state-hooks.js'

/** Props of {@link SessionNotice}: all of a `div`, and its texts. */
export interface SessionNoticeProps extends Omit<ComponentPropsWithoutRef<'div'>, 'children'> {
  /** The current workspace when omitted. */
  readonly workspace?: string
  /** Called once the conversation is this tab's, such as to focus the message field. */
  readonly onTakeOver?: () => void
  /** Texts in another language or tone; English where omitted. */
  readonly texts?: Partial<SessionNoticeTexts>
}

/** Every text of `SessionNotice`. */
export interface SessionNoticeTexts {
  readonly watching: string
  readonly useHere: string
  readonly signedOut: string
  readonly degraded: string
  readonly full: string
}

const englishTexts: SessionNoticeTexts = {
  watching: 'This conversation is open in another tab.',
  useHere: 'Use here',
  signedOut: 'You signed out in another tab.',
  degraded: 'Storage is not available. Changes are kept in this tab until it is.',
  full: 'Storage is full. Changes are kept in this tab until you remove conversations.',
}

/**
 * Says why the chat is not as usual: another tab has the conversation (with a button that takes it over), the user signed out in
 * another tab, or storage fails or is full. Empty otherwise. Unstyled; its class names begin with `leftoff-notice`.
 *
 * @example
 * ```tsx
 * import { SessionNotice, useConversationSession } from 'leftoff/react'
 *
 * export function Chat({ workspace }: { workspace: string }) {
 *   const { status } = useConversationSession(workspace)
 *   return (
 *     <>
 *       <SessionNotice workspace={workspace} />
 *       <textarea aria-label="Message" autoComplete="off" readOnly={status === 'watching'} />
 *     </>
 *   )
 * }
 * ```
 */
export function SessionNotice({ workspace, onTakeOver, texts, className, ...div }: SessionNoticeProps): ReactElement {
  const store = useSessionStore()
  const status = useSessionState((state): SessionStatus => {
    const place = workspace === undefined ? undefined : state.workspaces[workspace]
    return place && state.status !== 'signed-out' ? place.status : state.status
  })
  const isFull = useSessionState(({ saving }) => saving.error?.code === 'quota-exceeded')
  const { watching, useHere, signedOut, degraded, full } = { ...englishTexts, ...texts }
  const text =
    status === 'watching'
      ? watching
      : status === 'signed-out'
        ? signedOut
        : status === 'degraded'
          ? isFull
            ? full
            : degraded
          : undefined

  return (
    <div
      role="status"
      data-status={status}
      {...div}
      className={className ? `leftoff-notice ${className}` : 'leftoff-notice'}
    >
      {text && <span className="leftoff-notice-text">{text} </span>}
      {status === 'watching' && (
        <button
          type="button"
          className="leftoff-notice-action"
          // A failure shows in the status and in events.
          onClick={() => void store.takeOver(workspace).then((isHere) => isHere && onTakeOver?.(), noop)}
        >
          {useHere}
        </button>
      )}
    </div>
  )
}

function noop(): void {}
