import { createTurnClient } from 'leftoff'
import type { LoadMessages } from 'leftoff/react'

// What the chats beside this file share: the address of ../../routes/turns.ts, and the messages that your server stores.

export const client = createTurnClient({ api: '/api/turn' })

/** Your route: by the signed-in user and the conversation, oldest first. */
export const load: LoadMessages = async ({ conversationId, signal }) => {
  const response = await fetch(`/api/messages/${encodeURIComponent(conversationId)}`, { signal })
  if (!response.ok) throw new Error(`The server answered ${response.status}.`)
  return response.json()
}
