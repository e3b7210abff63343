import { createTurnClient } from 'leftoff'
import type { LoadedMessage } from 'leftoff/react'
import type { ChatMessage, ConversationRequest, StoredOnServer } from '../shared/chat-api.js'
import { ask } from './server-reach.js'

// The server's answers are this app's own, so their shape is taken from the types both sides share.

/** Sends messages, and follows and stops their answers. */
export const client = createTurnClient({ api: '/api/turn', fetch: ask })

/** The messages that the server keeps of a conversation. */
export async function loadMessages({
  conversationId,
  signal,
}: {
  readonly conversationId: string
  readonly signal: AbortSignal
}): Promise<readonly LoadedMessage[]> {
  const response = await ask(`/api/conversations/${encodeURIComponent(conversationId)}/messages`, { signal })
  const body: { messages: readonly ChatMessage[] } = await json(response)
  return body.messages
}

/** Deletes what the agent knows about the conversation. Whether there was anything. */
export async function forgetTranscript(conversation: ConversationRequest): Promise<boolean> {
  const body: { forgotten: boolean } = await json(await post('/api/forget', conversation))
  return body.forgotten
}

/** Takes the user's cookie from this browser. */
export async function signOutOfServer(): Promise<void> {
  await json(await post('/api/sign-out', {}))
}

/** What the server stores about the conversation. */
export async function loadStored(conversation: ConversationRequest, signal: AbortSignal): Promise<StoredOnServer> {
  const query = new URLSearchParams({ ...conversation })
  return json(await ask(`/api/stored?${query}`, { signal }))
}

/** A token for the cookie's user, kept for half of the hour it lasts. */
export async function loadSupabaseToken(): Promise<string> {
  if (token && performance.now() - token.loadedAt < 30 * 60_000) return token.value
  const loadedAt = performance.now()
  const body: { token: string } = await json(await ask('/api/supabase-token'))
  token = { value: body.token, loadedAt }
  return token.value
}

let token: { readonly value: string; readonly loadedAt: number } | undefined

function post(path: string, body: object): Promise<Response> {
  const headers = { 'Content-Type': 'application/json' }
  return ask(path, { method: 'POST', headers, body: JSON.stringify(body) })
}

async function json<T>(response: Response): Promise<T> {
  if (!response.ok) throw new Error(`The server answered ${response.status}.`)
  return response.json()
}
