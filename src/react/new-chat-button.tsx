import type { ComponentProps, ReactNode } from 'react'
import { useSessionStore } from './session-context.js'
import { useConversationId, useSessionStatus } from './state-hooks.js'

/** Props of {@link NewChatButton}: all of a button, and what it begins. */
export interface NewChatButtonProps extends ComponentProps<'button'> {
  /** The current workspace when omitted. */
  readonly workspace?: string
  readonly onNewConversation?: (conversationId: string) => void
}

/**
 * A button that begins a new conversation; disabled until one is open. Its text is its children.
 *
 * @example
 * ```tsx
 * import { NewChatButton } from 'leftoff/react'
 *
 * export const Toolbar = () => <NewChatButton className="primary">New chat</NewChatButton>
 * ```
 */
export function NewChatButton({
  workspace,
  onNewConversation,
  onClick,
  disabled,
  ...button
}: NewChatButtonProps): ReactNode {
  const store = useSessionStore()
  const isOpen = useConversationId() !== undefined
  const { status } = useSessionStatus()

  return (
    <button
      type="button"
      {...button}
      disabled={disabled || !isOpen || status === 'resuming'}
      onClick={(event) => {
        onClick?.(event)
        if (event.defaultPrevented) return
        const conversationId = store.newConversation(workspace)
        onNewConversation?.(conversationId)
      }}
    />
  )
}
