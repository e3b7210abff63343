import type { ChatMessage, ConversationRequest, StoredOnServer, TurnRequest } from '../shared/chat-api.js'

// The server's answers are this app's own, so their shape is taken from the types both sides share.

/** The messages that the server keeps of a conversation. */
export async function loadMessages(conversationId: string, signal: AbortSignal): Promise<readonly ChatMessage[]> {
  const response = await fetch(`/api/conversations/${encodeURIComponent(conversationId)}/messages`, { signal })
  const body: { messages: readonly ChatMessage[] } = await json(response)
  return body.messages
}

/** Sends a message; the response is the stream for `readTurn`. */
export function postTurn(request: TurnRequest, signal: AbortSignal): Promise<Response> {
  return post('/api/turn', request, signal)
}

/** Deletes what the agent knows about the conversation. Whether there was anything. */
export async function forgetTranscript(conversation: ConversationRequest): Promise<boolean> {
  const body: { forgotten: boolean } = await json(await post('/api/forget', conversation))
  return body.forgotten
}

/** What the server stores about the conversation. */
export async function loadStored(conversation: ConversationRequest, signal: AbortSignal): Promise<StoredOnServer> {
  const query = new URLSearchParams({ ...conversation })
  return json(await fetch(`/api/stored?${query}`, { signal }))
}

/** A token for the cookie's user, kept for half of the hour it lasts. */
export async function loadSupabaseToken(): Promise<string> {
  if (token && performance.now() - token.loadedAt < 30 * 60_000) return token.value
  const loadedAt = performance.now()
  const body: { token: string } = await json(await fetch('/api/supabase-token'))
  token = { value: body.token, loadedAt }
  return token.value
}

let token: { readonly value: string; readonly loadedAt: number } | undefined

function post(path: string, body: object, signal?: AbortSignal): Promise<Response> {
  return fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  })
}

async function json<T>(response: Response): Promise<T> {
  if (!response.ok) throw new Error(`The server answered ${response.status}.`)
  return response.json()
}
