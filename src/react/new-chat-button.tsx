import { type ComponentPropsWithoutRef, forwardRef } from 'react'
import { useSessionStore } from './session-context.js'
import { useConversationId, useSessionStatus } from './state-hooks.js'

/** Props of {@link NewChatButton}: all of a button, and what it begins. */
export interface NewChatButtonProps extends ComponentPropsWithoutRef<'button'> {
  /** The current workspace when omitted. */
  readonly workspace?: string
  /** Called with the conversation that the button began. */
  readonly onNewConversation?: (conversationId: string) => void
}

// forwardRef, for React 18 does not pass `ref` on as a prop.
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
export const NewChatButton = forwardRef<HTMLButtonElement, NewChatButtonProps>(function NewChatButton(
  { workspace, onNewConversation, onClick, disabled, ...button },
  ref,
) {
  const store = useSessionStore()
  const isOpen = useConversationId() !== undefined
  const { status } = useSessionStatus()

  return (
    <button
      ref={ref}
      type="button"
      {...button}
      disabled={disabled || !isOpen || status === 'opening'}
      onClick={(event) => {
        onClick?.(event)
        if (event.defaultPrevented) return
        const conversationId = store.newConversation(workspace)
        onNewConversation?.(conversationId)
      }}
    />
  )
})
