import { type KeyboardEvent, type RefObject, type SubmitEvent, useEffect } from 'react'
import { Icon } from './icon.js'

/** Where messages are written: Enter sends, Shift+Enter breaks the line, Escape stops a running answer. */
export function Composer({
  field,
  conversationId,
  draft,
  isDisabled,
  status,
  onDraft,
  onSend,
  onStop,
  onEditLast,
}: {
  readonly field: RefObject<HTMLTextAreaElement | null>
  readonly conversationId: string | undefined
  readonly draft: string
  readonly isDisabled: boolean
  readonly status: 'idle' | 'answering' | 'stopping'
  readonly onDraft: (draft: string) => void
  readonly onSend: (text: string) => void
  readonly onStop: () => void
  /** The arrow up in an empty field. */
  readonly onEditLast: () => void
}) {
  const canSend = !isDisabled && status === 'idle' && draft.trim() !== ''

  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus follows the conversation
  useEffect(() => {
    // Another conversation came on screen. On a touch screen the focus would bring up the keyboard unasked.
    if (!isDisabled && matchMedia('(pointer: fine)').matches) field.current?.focus()
  }, [conversationId, isDisabled, field])

  const send = () => {
    if (!canSend) return
    onSend(draft.trim())
    onDraft('')
  }
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault()
    send()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && status !== 'idle') onStop()
    if (event.key === 'ArrowUp' && draft === '' && status === 'idle') {
      event.preventDefault()
      onEditLast()
    }
    // An input method ends a word with Enter; that one sends nothing.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    send()
  }

  return (
    <form className="composer-box" onSubmit={onSubmit}>
      <label className="sr-only" htmlFor="composer">
        Message
      </label>
      {/* As high as its text in every browser: a copy of the text in the same grid cell has that height. */}
      <div className="grows" data-text={draft}>
        <textarea
          ref={field}
          id="composer"
          data-testid="composer"
          rows={1}
          autoComplete="off"
          placeholder="Write a message"
          value={draft}
          disabled={isDisabled}
          onChange={(event) => onDraft(event.target.value)}
          onKeyDown={onKeyDown}
        />
      </div>
      {status === 'idle' ? (
        <button type="submit" className="round" data-testid="send" aria-label="Send" title="Send" disabled={!canSend}>
          <Icon name="send" />
        </button>
      ) : (
        <button
          type="button"
          className="round"
          data-testid="stop"
          aria-label={status === 'stopping' ? 'Stopping' : 'Stop'}
          title="Stop"
          disabled={status === 'stopping'}
          onClick={onStop}
        >
          <Icon name="stop" />
        </button>
      )}
    </form>
  )
}
