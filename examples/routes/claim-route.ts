// app/api/claim/route.ts of a Next app: what `guests({ send })` calls once a guest has signed in. Web-standard, as the others.

import { claimGuest, readJsonBody } from 'leftoff/server'
import { guestOf, history, moveMessages, onError, sessions, userOf } from './your-app.js'

/** What the 1,000 conversations that a device may send can take. */
const maxBodyBytes = 1024 * 1024

export async function POST(request: Request): Promise<Response> {
  const to = await userOf(request)
  if (to === undefined) return new Response('Sign in first.', { status: 401 })
  const from = await guestOf(request)
  if (from === undefined) return new Response(null, { status: 204 }) // nobody was here before
  const body = await readJsonBody(request, maxBodyBytes)
  if (body.status) return new Response(body.message, { status: body.status })
  const { conversations } = body.json // claimGuest checks it
  const { left } = await claimGuest({ sessions, history, conversations, from, to, onConversation: moveMessages })
  for (const { error } of left) onError(error)
  // The browser moves nothing, and asks again at its next load.
  if (left.length > 0) return new Response('Try again.', { status: 503 })
  return new Response(null, { status: 204 })
}
