import { useEffect, useState } from 'react'
import type { ChatMessage } from './use-chat.js'

/** The messages of a conversation, from your server; `undefined` until they are there. leftoff does not keep them. */
export function useMessages(conversationId: string | undefined): readonly ChatMessage[] | undefined {
  const [loaded, setLoaded] = useState<{ readonly of: string; readonly messages: readonly ChatMessage[] }>()

  useEffect(() => {
    if (conversationId === undefined) return
    const left = new AbortController()
    fetch(`/api/conversations/${encodeURIComponent(conversationId)}/messages`, { signal: left.signal })
      .then((response) => response.json())
      .then((messages: readonly ChatMessage[]) => setLoaded({ of: conversationId, messages }))
      .catch(() => {}) // left, or shown as still loading
    return () => left.abort()
  }, [conversationId])

  return loaded && loaded.of === conversationId ? loaded.messages : undefined
}
