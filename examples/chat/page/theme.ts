import { useState } from 'react'

/** Light, dark, or as the system is. */
export const themes = ['auto', 'light', 'dark'] as const

export type Theme = (typeof themes)[number]

/** The theme that was picked, and how to pick one. A cookie keeps it, so that the server's HTML has it before anything is painted. */
export function useTheme(): readonly [theme: Theme, pick: (theme: Theme) => void] {
  const [theme, setTheme] = useState(readTheme)
  const pick = (next: Theme) => {
    const { dataset } = document.documentElement
    if (next === 'auto') delete dataset.theme
    else dataset.theme = next
    const maxAge = next === 'auto' ? 0 : 400 * 24 * 60 * 60
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in all browsers yet
    document.cookie = `leftoff_chat_theme=${next}; Path=/; Max-Age=${maxAge}; SameSite=Lax`
    setTheme(next)
  }
  return [theme, pick]
}

function readTheme(): Theme {
  return themes.find((theme) => theme === document.documentElement.dataset.theme) ?? 'auto'
}
