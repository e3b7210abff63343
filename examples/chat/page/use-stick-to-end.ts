import { useEffect, useLayoutEffect, useRef } from 'react'

/** Keeps the end in view while the conversation grows or the window changes, unless the person scrolled up to read. */
export function useStickToEnd(messages: readonly unknown[], notices: readonly unknown[]) {
  const scroller = useRef<HTMLDivElement>(null)
  const isAtEnd = useRef(true)
  const lastCount = useRef(0)

  useLayoutEffect(() => {
    const count = messages.length + notices.length
    if (count !== lastCount.current || isAtEnd.current) scrollToEnd(scroller.current)
    lastCount.current = count
  }, [messages, notices])

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
