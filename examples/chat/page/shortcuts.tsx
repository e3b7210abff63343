import { useEffect, useRef } from 'react'
import { flushSync } from 'react-dom'
import { Dialog } from './dialog.js'

/** The shortcuts of the page, and `?`, which shows them. */
export function Shortcuts({
  onNewChat,
  onFilter,
  onWrite,
}: {
  readonly onNewChat: () => void
  readonly onFilter: () => void
  readonly onWrite: () => void
}) {
  const dialog = useRef<HTMLDialogElement>(null)

  useEffect(() => {
    function onKeyDown(event: KeyboardEvent): void {
      if (event.defaultPrevented || event.altKey) return
      const isCommand = event.ctrlKey || event.metaKey
      const isWriting = event.target instanceof HTMLElement && event.target.matches('input, textarea, select')
      const key = event.key.toLowerCase()
      if (isCommand && event.shiftKey && key === 'o') onNewChat()
      else if (isCommand && !event.shiftKey && key === 'k') focusFilter(onFilter)
      else if (!isCommand && !isWriting && key === '/') onWrite()
      else if (!isCommand && !isWriting && key === '?') dialog.current?.showModal()
      else return
      event.preventDefault()
    }
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  }, [onNewChat, onFilter, onWrite])

  const command = navigator.userAgent.includes('Mac') ? '⌘' : 'Ctrl'
  return (
    <Dialog ref={dialog} id="shortcuts" title="Keyboard shortcuts">
      <dl className="shortcuts">
        {[
          ['New chat', command, 'Shift', 'O'],
          ['Find a chat', command, 'K'],
          ['Write a message', '/'],
          ['Send', 'Enter'],
          ['New line', 'Shift', 'Enter'],
          ['Edit the last message', '↑'],
          ['Stop the answer', 'Esc'],
          ['Rename or remove, in the list', 'F2', 'Delete'],
          ['These shortcuts', '?'],
        ].map(([what, ...keys]) => (
          <div key={what}>
            <dt>{what}</dt>
            <dd>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}

/** Where the chats are a drawer, it is opened first. At once: the next key is a letter of the filter already. */
function focusFilter(open: () => void): void {
  flushSync(open)
  document.getElementById('filter')?.focus()
}
