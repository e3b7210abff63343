import { useEffect, useLayoutEffect, useRef, useState } from 'react'

/** Keeps the end in view while the conversation grows or the window changes, unless the person scrolled up to read. */
export function useStickToEnd(messages: readonly unknown[], notices: readonly unknown[]) {
  const scroller = useRef<HTMLDivElement>(null)
  const sticks = useRef(true)
  const lastCount = useRef(0)
  const [isAtEnd, setAtEnd] = useState(true)

  useLayoutEffect(() => {
    const count = messages.length + notices.length
    if (count !== lastCount.current || sticks.current) scrollToEnd(scroller.current)
    lastCount.current = count
  }, [messages, notices])

  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const onScroll = () => {
      sticks.current = element.scrollHeight - element.scrollTop - element.clientHeight < 80
      setAtEnd(sticks.current)
    }
    const resized = new ResizeObserver(() => sticks.current && scrollToEnd(element))
    element.addEventListener('scroll', onScroll, { passive: true })
    resized.observe(element)
    return () => {
      element.removeEventListener('scroll', onScroll)
      resized.disconnect()
    }
  }, [])

  return { scroller, isAtEnd, goToEnd: () => scrollToEnd(scroller.current) }
}

function scrollToEnd(element: HTMLElement | null): void {
  if (element) element.scrollTop = element.scrollHeight
}
