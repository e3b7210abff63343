import type { ReactNode, RefObject } from 'react'
import { Icon } from './icon.js'

/** A small window over the page. The browser keeps the focus in it, closes it with Escape and gives the focus back. */
export function Dialog({
  ref,
  id,
  title,
  children,
}: {
  readonly ref: RefObject<HTMLDialogElement | null>
  readonly id: string
  readonly title: string
  readonly children: ReactNode
}) {
  return (
    <dialog ref={ref} id={id} className="dialog" aria-labelledby={`${id}-title`}>
      <header>
        <h2 id={`${id}-title`}>{title}</h2>
        <button type="button" className="icon-button" aria-label="Close" onClick={() => ref.current?.close()}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  )
}
