import { type ComponentPropsWithoutRef, type ReactElement, useEffect, useMemo, useRef, useState } from 'react'
import { rowsAround, SessionHistoryRow, type Task, titleOf } from './session-history-row.js'
import { englishTexts, type SessionHistoryTexts } from './session-history-texts.js'
import { useMinute } from './use-minute.js'
import { type SessionHistoryItem, useSessionHistory } from './use-session-history.js'

/** Props of {@link SessionHistory}: all of a section, which conversations, and its texts. */
export interface SessionHistoryProps extends Omit<ComponentPropsWithoutRef<'section'>, 'children'> {
  /** The current workspace when omitted. */
  readonly workspace?: string
  /** How many conversations are shown first, and how many more each time; the store's `capacity` when omitted. */
  readonly pageSize?: number
  /** How long a removal can be undone, in ms; 10,000. */
  readonly undoMs?: number
  /** Called after a person went to another conversation. */
  readonly onSwitch?: (conversationId: string) => void
  /** Texts in another language or tone; English where omitted. */
  readonly texts?: Partial<SessionHistoryTexts>
  /** The time, in ms since the epoch, to say how long ago a conversation was active. */
  readonly now?: () => number
}

/**
 * The history of a workspace by days, to switch, rename and remove conversations; a removal can be undone. Unstyled, unless the
 * app imports `leftoff/react/styles.css`: each part has a class name that begins with `leftoff-history`, each state a data
 * attribute.
 *
 * Beside Tab, the arrow keys, Home and End go from conversation to conversation; F2 renames, Delete removes, Ctrl+Z or ⌘Z brings
 * back.
 *
 * @example
 * ```tsx
 * import { NewChatButton, SessionHistory } from 'leftoff/react'
 *
 * export const Sidebar = () => (
 *   <nav>
 *     <NewChatButton>New chat</NewChatButton>
 *     <SessionHistory pageSize={30} texts={{ empty: 'Your chats will be listed here.' }} />
 *   </nav>
 * )
 * ```
 */
export function SessionHistory({
  workspace,
  pageSize,
  undoMs = 10_000,
  onSwitch,
  texts: given,
  now = Date.now,
  className,
  onKeyDown,
  ...section
}: SessionHistoryProps): ReactElement {
  const history = useSessionHistory({ workspace, pageSize })
  const texts = useMemo(() => ({ ...englishTexts, ...given }), [given])
  const minute = useMinute(now)
  const [task, setTask] = useState<Task>()
  const [said, setSaid] = useState<Said>()
  const root = useRef<HTMLElement>(null)

  const say = (result: Said['result'], text: string, removed?: SessionHistoryItem) =>
    setSaid((last) => ({ result, text, removed, turn: (last?.turn ?? 0) + 1 }))

  useEffect(() => {
    if (!said?.removed) return
    // The sentence goes with Undo. It was announced when it came.
    const timer = setTimeout(() => setSaid({ ...said, text: '', removed: undefined }), undoMs)
    return () => clearTimeout(timer)
  }, [said, undoMs])

  // The first of those that came takes the focus of the button, which may be gone.
  const shownBefore = useRef<number>(undefined)
  const count = history.items.length
  useEffect(() => {
    const before = shownBefore.current
    if (before === undefined || count <= before) return
    shownBefore.current = undefined
    rowsAround(root.current)[before]?.querySelector('button')?.focus()
  }, [count])

  const groups = new Map<string, SessionHistoryItem[]>()
  for (const item of history.items) {
    const day = minute > 0 ? texts.day(item.session.lastActivity, minute) : ''
    groups.set(day, [...(groups.get(day) ?? []), item])
  }

  async function switchTo({ session }: SessionHistoryItem): Promise<void> {
    const { conversationId } = session
    const result = await history.switchConversation(conversationId)
    const title = titleOf(session, texts)
    if (!result.ok) return say('refused', texts.refused(title, result.reason))
    say('done', texts.switched(title))
    onSwitch?.(conversationId)
  }

  function rename({ session }: SessionHistoryItem, title: string): void {
    history.renameConversation(session.conversationId, title)
    say('done', texts.renamed(titleOf({ ...session, title }, texts)))
  }

  function remove(item: SessionHistoryItem): void {
    const { conversationId } = item.session
    // Before its row goes, and the focus with it.
    const rows = rowsAround(root.current)
    const at = rows.findIndex((row) => row.dataset.conversationId === conversationId)
    const neighbour = rows[at + 1] ?? rows[at - 1]
    const target = neighbour?.querySelector('button') ?? root.current
    target?.focus()
    say('done', texts.removed(titleOf(item.session, texts)), undoMs > 0 ? item : undefined)
    void history.removeConversation(conversationId, { undoMs })
  }

  function undo({ session, isCurrent }: SessionHistoryItem): void {
    const { conversationId } = session
    const title = titleOf(session, texts)
    setTask({ conversationId, step: 'done', from: 'open' }) // its row takes the focus
    const isBack = history.restoreConversation(conversationId)
    if (isBack) say('done', texts.restored(title))
    else say('refused', texts.refused(title, 'not-found'))
    if (isBack && isCurrent) void history.switchConversation(conversationId)
  }

  async function showMore(): Promise<void> {
    shownBefore.current = count
    await history.loadMore().catch(() => say('refused', texts.moreFailed))
  }

  const { removed } = said ?? {}
  return (
    <section
      aria-label={texts.label}
      {...section}
      ref={root}
      tabIndex={-1}
      className={className ? `leftoff-history ${className}` : 'leftoff-history'}
      onKeyDown={(event) => {
        onKeyDown?.(event)
        const isUndo = event.key === 'z' && (event.ctrlKey || event.metaKey) && !event.shiftKey
        if (!isUndo || !removed || event.target instanceof HTMLInputElement) return
        event.preventDefault()
        undo(removed)
      }}
    >
      {[...groups].map(([day, items]) => (
        <div key={day} className="leftoff-history-group">
          {day && (
            <p aria-hidden className="leftoff-history-day">
              {day}
            </p>
          )}
          {/* The focus came back: the row must not take it again when it is shown another time. */}
          <ul
            aria-label={day || undefined}
            className="leftoff-history-list"
            onFocus={() => task?.step === 'done' && setTask(undefined)}
          >
            {items.map((item) => (
              <SessionHistoryRow
                key={item.session.conversationId}
                item={item}
                task={task?.conversationId === item.session.conversationId ? task : undefined}
                texts={texts}
                now={minute}
                onTask={setTask}
                onSwitch={() => void switchTo(item)}
                onRename={(title) => rename(item, title)}
                onRemove={() => remove(item)}
              />
            ))}
          </ul>
        </div>
      ))}
      {count === 0 && history.isInitialized && <p className="leftoff-history-empty">{texts.empty}</p>}
      {history.hasMore && (
        <button type="button" className="leftoff-history-more" onClick={() => void showMore()}>
          {texts.more}
        </button>
      )}
      <p className="leftoff-history-status" role="status" data-result={said?.result}>
        {/* A text that is said twice in a row is announced twice. */}
        {said && <span key={said.turn}>{said.text}</span>}
        {removed && ' '}
        {removed && (
          <button
            type="button"
            className="leftoff-history-undo"
            aria-keyshortcuts="Control+Z Meta+Z"
            onClick={() => undo(removed)}
          >
            {texts.undo}
          </button>
        )}
      </p>
    </section>
  )
}

/** What was announced last. */
interface Said {
  readonly result: 'done' | 'refused'
  readonly text: string
  readonly turn: number
  /** What can be brought back. */
  readonly removed?: SessionHistoryItem | undefined
}
