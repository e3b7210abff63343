import { useSessionActions } from 'leftoff/react'
import { useRef, useState } from 'react'
import { signOutOfServer } from './api.js'
import { Dialog } from './dialog.js'
import { Icon } from './icon.js'
import { themes, useTheme } from './theme.js'

/** What belongs to the person: the theme, what is stored, the shortcuts, signing out. */
export function AccountMenu({ onStored }: { readonly onStored: () => void }) {
  const { signOut } = useSessionActions()
  const [theme, pickTheme] = useTheme()
  const [hasFailed, setFailed] = useState(false)
  const menu = useRef<HTMLElement>(null)
  const dialog = useRef<HTMLDialogElement>(null)

  function choose(run: () => void): void {
    menu.current?.hidePopover()
    run()
  }

  async function leave(): Promise<void> {
    setFailed(false)
    try {
      // The server first: who is still signed in there would be the same guest again.
      await signOutOfServer()
      await signOut()
      location.assign('/chat')
    } catch {
      setFailed(true)
    }
  }

  return (
    <div className="account">
      <button type="button" className="account-button" popoverTarget="account">
        <span className="avatar" aria-hidden="true">
          G
        </span>
        Guest
        <Icon name="more" />
      </button>
      <section ref={menu} id="account" className="popover menu" popover="auto" aria-label="Guest">
        <div className="themes">
          {themes.map((name) => (
            <button key={name} type="button" aria-pressed={theme === name} onClick={() => pickTheme(name)}>
              {name === 'auto' ? 'Auto' : name === 'light' ? 'Light' : 'Dark'}
            </button>
          ))}
        </div>
        <button type="button" onClick={() => choose(onStored)}>
          What is stored
        </button>
        <button type="button" onClick={() => choose(showShortcuts)}>
          Keyboard shortcuts
        </button>
        <button type="button" className="danger" onClick={() => choose(() => dialog.current?.showModal())}>
          Sign out
        </button>
      </section>
      <Dialog ref={dialog} id="sign-out" title="Sign out?">
        <p>
          This device forgets the guest in all tabs: conversations, drafts and unsent messages. Your next visit starts
          as a new guest.
        </p>
        {hasFailed && <p role="alert">That did not work. You are still signed in; try again.</p>}
        <footer>
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            Stay
          </button>
          <button type="button" className="button danger" onClick={() => void leave()}>
            Sign out
          </button>
        </footer>
      </Dialog>
    </div>
  )
}

function showShortcuts(): void {
  const dialog = document.getElementById('shortcuts')
  if (dialog instanceof HTMLDialogElement) dialog.showModal()
}
