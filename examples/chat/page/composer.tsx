import { type KeyboardEvent, type SubmitEvent, useEffect, useRef, useState } from 'react'
import { Icon } from './icon.js'

/** Where messages are written: Enter sends, Shift+Enter breaks the line, Escape stops a running answer. */
export function Composer({
  conversationId,
  isDisabled,
  isAnswering,
  onSend,
  onStop,
}: {
  readonly conversationId: string | undefined
  readonly isDisabled: boolean
  readonly isAnswering: boolean
  readonly onSend: (text: string) => void
  readonly onStop: () => void
}) {
  const [draft, setDraft] = useState('')
  const field = useRef<HTMLTextAreaElement>(null)
  const canSend = !isDisabled && !isAnswering && draft.trim() !== ''

  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus follows the conversation
  useEffect(() => {
    // Another conversation came on screen. On a touch screen the focus would bring up the keyboard unasked.
    if (!isDisabled && matchMedia('(pointer: fine)').matches) field.current?.focus()
  }, [conversationId, isDisabled])

  const send = () => {
    if (!canSend) return
    onSend(draft.trim())
    setDraft('')
  }
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault()
    send()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && isAnswering) onStop()
    // An input method ends a word with Enter; that one sends nothing.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    send()
  }

  return (
    <form className="composer" onSubmit={onSubmit}>
      <div className="composer-box">
        <label className="sr-only" htmlFor="composer">
          Message
        </label>
        <textarea
          ref={field}
          id="composer"
          data-testid="composer"
          rows={1}
          placeholder="Write a message"
          value={draft}
          disabled={isDisabled}
          onChange={(event) => setDraft(event.target.value)}
          onKeyDown={onKeyDown}
        />
        {isAnswering ? (
          <button type="button" className="round" data-testid="stop" aria-label="Stop" onClick={onStop}>
            <Icon name="stop" />
          </button>
        ) : (
          <button type="submit" className="round" data-testid="send" aria-label="Send" disabled={!canSend}>
            <Icon name="send" />
          </button>
        )}
      </div>
      <p className="conversation">
        <span>Conversation</span> <code data-testid="conversation-id">{conversationId ?? ''}</code>
      </p>
    </form>
  )
}
