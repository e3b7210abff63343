import { type KeyboardEvent, type ReactElement, useId, useState } from 'react'
import type { ConversationSession } from '../core/session.js'
import type { SessionHistoryTexts } from './session-history-texts.js'
import type { SessionHistoryItem } from './use-session-history.js'

/** Renaming one conversation, and the button it came from: there the focus returns. */
export interface Task {
  readonly conversationId: string
  readonly step: 'renaming' | 'done'
  readonly from: 'open' | 'rename'
}

interface RowProps {
  readonly item: SessionHistoryItem
  readonly task: Task | undefined
  readonly texts: SessionHistoryTexts
  /** 0 on a server and while the page is taken over from it: its time would be another one. */
  readonly now: number
  readonly onTask: (task: Task) => void
  readonly onSwitch: () => void
  readonly onRename: (title: string) => void
  readonly onRemove: () => void
}

/** One conversation of the history: shown, or being renamed. */
export function SessionHistoryRow(props: RowProps): ReactElement {
  const { item, task } = props
  const step = task?.step ?? 'done'
  return (
    <li
      className="leftoff-history-item"
      data-conversation-id={item.session.conversationId}
      data-current={item.isCurrent || undefined}
      data-open-elsewhere={item.isOpenElsewhere || undefined}
      data-step={step === 'done' ? undefined : step}
    >
      {step === 'renaming' ? <RenameForm {...props} /> : <Entry {...props} />}
    </li>
  )
}

/** What a conversation is called. */
export function titleOf(
  { title, lastMessagePreview }: Pick<ConversationSession, 'title' | 'lastMessagePreview'>,
  texts: SessionHistoryTexts,
): string {
  return title || lastMessagePreview || texts.untitled
}

function Entry({
  item: { session, isCurrent, isOpenElsewhere },
  task,
  texts,
  now,
  onTask,
  onSwitch,
  onRemove,
}: RowProps): ReactElement {
  const id = useId()
  const { conversationId, title, lastMessagePreview, lastActivity, messageCount, tokenUsage } = session
  const rename = (from: Task['from']) => onTask({ conversationId, step: 'renaming', from })

  function onKeyDown(event: KeyboardEvent<HTMLElement>): void {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
    if (event.key === 'F2') rename('open')
    else if (event.key === 'Delete') onRemove()
    else if (!moveFocus(event.currentTarget, event.key)) return
    event.preventDefault()
  }

  // A button that comes back takes the focus that its form had.
  return (
    <>
      <button
        type="button"
        className="leftoff-history-open"
        aria-current={isCurrent || undefined}
        aria-keyshortcuts="F2 Delete"
        // biome-ignore lint/a11y/noAutofocus: the focus was in the form that this button replaces
        autoFocus={task?.from === 'open'}
        onClick={onSwitch}
        onKeyDown={onKeyDown}
      >
        <span id={`${id}title`} className="leftoff-history-title">
          {titleOf(session, texts)}
        </span>{' '}
        {title && lastMessagePreview && lastMessagePreview !== title && (
          <span className="leftoff-history-preview">{lastMessagePreview} </span>
        )}
        <span className="leftoff-history-details">
          <time dateTime={new Date(lastActivity).toISOString()}>{now > 0 && texts.time(lastActivity, now)}</time>{' '}
          {messageCount > 0 && <span className="leftoff-history-messages">{texts.messages(messageCount)} </span>}
          {tokenUsage && <span className="leftoff-history-tokens">{texts.tokens(tokenUsage)} </span>}
          {isOpenElsewhere && <span className="leftoff-history-open-elsewhere">{texts.openElsewhere}</span>}
        </span>
      </button>
      <button
        type="button"
        id={`${id}rename`}
        className="leftoff-history-rename"
        aria-labelledby={`${id}rename ${id}title`}
        // biome-ignore lint/a11y/noAutofocus: the focus was in the form that this button replaces
        autoFocus={task?.from === 'rename'}
        onClick={() => rename('rename')}
      >
        {texts.rename}
      </button>
      <button
        type="button"
        id={`${id}remove`}
        className="leftoff-history-remove"
        aria-labelledby={`${id}remove ${id}title`}
        onClick={onRemove}
      >
        {texts.remove}
      </button>
    </>
  )
}

function RenameForm({ item: { session }, task, texts, onTask, onRename }: RowProps): ReactElement {
  const [title, setTitle] = useState<string>()
  const end = () => task && onTask({ ...task, step: 'done' })
  return (
    <form
      className="leftoff-history-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (title !== undefined) onRename(title.trim())
        end()
      }}
      onKeyDown={(event) => onEscape(event, end)}
    >
      <input
        className="leftoff-history-field"
        aria-label={texts.title}
        autoComplete="off"
        // biome-ignore lint/a11y/noAutofocus: the person asked for this field
        autoFocus
        value={title ?? session.title ?? session.lastMessagePreview ?? ''}
        onChange={(event) => setTitle(event.target.value)}
        onFocus={(event) => event.target.select()}
      />
      <button type="submit" className="leftoff-history-save">
        {texts.save}
      </button>
      <button type="button" className="leftoff-history-cancel" onClick={end}>
        {texts.cancel}
      </button>
    </form>
  )
}

/** An input method ends a word with Escape; that one ends nothing. */
function onEscape(event: KeyboardEvent, end: () => void): void {
  if (event.key === 'Escape' && !event.nativeEvent.isComposing) end()
}

/** All conversations of the list that an element is in. */
export function rowsAround(element: HTMLElement | null): HTMLElement[] {
  const items = element?.closest('.leftoff-history')?.querySelectorAll<HTMLElement>('.leftoff-history-item')
  return [...(items ?? [])]
}

/** Goes to another conversation of the list; whether `key` says so. */
function moveFocus(button: HTMLElement, key: string): boolean {
  const rows = rowsAround(button)
  const at = rows.findIndex((row) => row.contains(button))
  const target = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[key]
  if (target === undefined) return false
  rows[target]?.querySelector('button')?.focus()
  return true
}
