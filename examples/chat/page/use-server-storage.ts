import { useCallback, useEffect, useState } from 'react'
import type { ConversationRequest, StoredOnServer } from '../shared/chat-api.js'
import { loadStored } from './api.js'

/** What the server stores about the open conversation; read again after each answer and on `refresh`. */
export function useServerStorage(open: ConversationRequest | undefined, isAnswering: boolean) {
  const [found, setFound] = useState<{ readonly conversationId: string; readonly stored: StoredOnServer }>()
  const [round, setRound] = useState(0)
  const refresh = useCallback(() => setRound((count) => count + 1), [])
  const workspace = open?.workspace
  const conversationId = open?.conversationId

  // biome-ignore lint/correctness/useExhaustiveDependencies: an answer's end and a refresh ask again
  useEffect(() => {
    if (workspace === undefined || conversationId === undefined) return
    const left = new AbortController()
    loadStored({ workspace, conversationId }, left.signal).then(
      (stored) => setFound({ conversationId, stored }),
      () => undefined, // a view only; the next round shows it
    )
    return () => left.abort()
  }, [workspace, conversationId, isAnswering, round])

  return { stored: found?.conversationId === conversationId ? found?.stored : undefined, refresh }
}
