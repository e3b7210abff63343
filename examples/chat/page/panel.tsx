import { type ReactNode, useEffect, useRef } from 'react'
import { Icon } from './icon.js'

interface PanelProps {
  readonly side: 'start' | 'end'
  readonly label: string
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly children: ReactNode
}

/** Something beside the chat: a column where there is room for one, else a drawer over it. */
export function Panel({ hasRoom, ...panel }: PanelProps & { readonly hasRoom: boolean }) {
  if (!hasRoom) return <Drawer {...panel} />
  return panel.isOpen ? (
    <div className="panel" data-side={panel.side}>
      {panel.children}
    </div>
  ) : null
}

/** A modal dialog: the browser keeps the focus in it, closes it with Escape and gives the focus back. */
function Drawer({ side, label, isOpen, onClose, children }: PanelProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (!isOpen) return
    const element = dialog.current
    element?.showModal()
    return () => element?.close()
  }, [isOpen])

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape and the button close it, too
    <dialog
      ref={dialog}
      className="drawer"
      data-side={side}
      aria-label={label}
      onClose={onClose}
      onClick={(event) => event.target === event.currentTarget && onClose()}
    >
      {isOpen && (
        <div className="panel" data-side={side}>
          <button type="button" className="icon-button drawer-close" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
          {children}
        </div>
      )}
    </dialog>
  )
}
