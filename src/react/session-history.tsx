import { type ComponentPropsWithoutRef, type ReactElement, useMemo, useRef, useState } from 'react'
import { SessionHistoryRow, type Task, titleOf } from './session-history-row.js'
import { englishTexts, type SessionHistoryTexts } from './session-history-texts.js'
import { useMinute } from './use-minute.js'
import { type SessionHistoryItem, useSessionHistory } from './use-session-history.js'

/** Props of {@link SessionHistory}: all of a section, which conversations, and its texts. */
export interface SessionHistoryProps extends Omit<ComponentPropsWithoutRef<'section'>, 'children'> {
  /** The current workspace when omitted. */
  readonly workspace?: string
  /** Told after a person went to another conversation. */
  readonly onSwitch?: (conversationId: string) => void
  /** Texts in another language or tone; English where omitted. */
  readonly texts?: Partial<SessionHistoryTexts>
  /** The time, in ms since the epoch, to say how long ago a conversation was active. */
  readonly now?: () => number
}

/**
 * The history of a workspace, to switch, rename and remove conversations. Without styles: each part has a class name that
 * begins with `leftoff-history`, each state a data attribute.
 *
 * Beside Tab, the arrow keys, Home and End go from conversation to conversation; F2 renames, Delete removes.
 *
 * @example
 * ```tsx
 * import { NewChatButton, SessionHistory } from 'leftoff/react'
 *
 * export const Sidebar = () => (
 *   <nav>
 *     <NewChatButton>New chat</NewChatButton>
 *     <SessionHistory texts={{ empty: 'Your chats will be listed here.' }} />
 *   </nav>
 * )
 * ```
 */
export function SessionHistory({
  workspace,
  onSwitch,
  texts: given,
  now = Date.now,
  className,
  ...section
}: SessionHistoryProps): ReactElement {
  const history = useSessionHistory(workspace)
  const texts = useMemo(() => ({ ...englishTexts, ...given }), [given])
  const minute = useMinute(now)
  const [task, setTask] = useState<Task>()
  const [said, setSaid] = useState<Said>()
  const root = useRef<HTMLElement>(null)

  const say = (result: Said['result'], text: string) =>
    setSaid((last) => ({ result, text, turn: (last?.turn ?? 0) + 1 }))

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

  function remove({ session }: SessionHistoryItem): void {
    const title = titleOf(session, texts)
    // Before its row goes, and the focus with it.
    focusNeighbour(root.current, session.conversationId)
    setTask(undefined)
    say('done', texts.removed(title))
    history.removeConversation(session.conversationId).catch(() => say('refused', texts.removalFailed(title)))
  }

  return (
    <section
      aria-label={texts.label}
      {...section}
      ref={root}
      tabIndex={-1}
      className={className ? `leftoff-history ${className}` : 'leftoff-history'}
    >
      {history.items.length > 0 && (
        // The focus came back: the row must not take it again when it is shown another time.
        <ul className="leftoff-history-list" onFocus={() => task?.step === 'done' && setTask(undefined)}>
          {history.items.map((item) => (
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
      )}
      {history.items.length === 0 && history.isInitialized && <p className="leftoff-history-empty">{texts.empty}</p>}
      <p className="leftoff-history-status" role="status" data-result={said?.result}>
        {/* A text that is said twice in a row is announced twice. */}
        {said && <span key={said.turn}>{said.text}</span>}
      </p>
    </section>
  )
}

/** What was announced last. */
interface Said {
  readonly result: 'done' | 'refused'
  readonly text: string
  readonly turn: number
}

/** Moves the focus to the conversation after this one, else to the one before, else to the history itself. */
function focusNeighbour(root: HTMLElement | null, conversationId: string): void {
  const row = root?.querySelector(`[data-conversation-id="${CSS.escape(conversationId)}"]`)
  const neighbour = row?.nextElementSibling ?? row?.previousElementSibling
  const target = neighbour?.querySelector<HTMLElement>('button') ?? root
  target?.focus()
}
