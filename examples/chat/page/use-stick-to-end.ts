import { useEffect, useLayoutEffect, useRef } from 'react'
import type { Chat } from './chat-state.js'

/** Keeps the end in view while the conversation grows or the window changes, unless the person scrolled up to read. */
export function useStickToEnd(chat: Chat | undefined) {
  const scroller = useRef<HTMLDivElement>(null)
  const isAtEnd = useRef(true)
  const lastCount = useRef(0)

  useLayoutEffect(() => {
    const count = chat?.entries.length ?? 0
    if (count !== lastCount.current || isAtEnd.current) scrollToEnd(scroller.current)
    lastCount.current = count
  }, [chat])

  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const onScroll = () => {
      isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 80
    }
    const resized = new ResizeObserver(() => isAtEnd.current && scrollToEnd(element))
    element.addEventListener('scroll', onScroll, { passive: true })
    resized.observe(element)
    return () => {
      element.removeEventListener('scroll', onScroll)
      resized.disconnect()
    }
  }, [])

  return scroller
}

function scrollToEnd(element: HTMLElement | null): void {
  if (element) element.scrollTop = element.scrollHeight
}
