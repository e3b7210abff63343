import { useCallback, useEffect, useState } from 'react'
import type { StoredOnServer } from '../shared/chat-api.js'
import { loadStored } from './api.js'

/** What the server stores about the open conversation; read again after each answer and on `refresh`. */
export function useServerStorage(
  open: { readonly workspace: string; readonly tabId: string } | undefined,
  isAnswering: boolean,
) {
  const [found, setFound] = useState<{ readonly tabId: string; readonly stored: StoredOnServer }>()
  const [round, setRound] = useState(0)
  const refresh = useCallback(() => setRound((count) => count + 1), [])
  const workspace = open?.workspace
  const tabId = open?.tabId

  // biome-ignore lint/correctness/useExhaustiveDependencies: an answer's end and a refresh ask again
  useEffect(() => {
    if (workspace === undefined || tabId === undefined) return
    const left = new AbortController()
    loadStored({ workspace, tabId }, left.signal).then(
      (stored) => setFound({ tabId, stored }),
      () => undefined, // a view only; the next round shows it
    )
    return () => left.abort()
  }, [workspace, tabId, isAnswering, round])

  return { stored: found?.tabId === tabId ? found?.stored : undefined, refresh }
}
