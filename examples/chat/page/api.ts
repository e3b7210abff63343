import type { ChatMessage, ConversationRequest, StoredOnServer, TurnRequest } from '../shared/chat-api.js'

// The server's answers are this app's own, so their shape is taken from the types both sides share.

/** The messages that the server keeps of a conversation. */
export async function loadMessages(conversationId: string, signal: AbortSignal): Promise<readonly ChatMessage[]> {
  const response = await fetch(`/api/conversations/${encodeURIComponent(conversationId)}/messages`, { signal })
  const body: { messages: readonly ChatMessage[] } = await json(response)
  return body.messages
}

/** Sends a message; the response is the stream for `readAnswer`. */
export function postTurn(request: TurnRequest): Promise<Response> {
  return post('/api/turn', request)
}

/** The stream of the answer that is being written; 204 if there is none. */
export function followTurn(conversation: ConversationRequest): Promise<Response> {
  return fetch(`/api/turn?${new URLSearchParams({ ...conversation })}`)
}

/** Asks the server to stop an answer. */
export async function stopTurn(conversation: ConversationRequest, turnId: string): Promise<void> {
  await fetch(`/api/turn?${new URLSearchParams({ ...conversation, turnId })}`, { method: 'DELETE' })
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

function post(path: string, body: object): Promise<Response> {
  return fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
}

async function json<T>(response: Response): Promise<T> {
  if (!response.ok) throw new Error(`The server answered ${response.status}.`)
  return response.json()
}
