import { createHash } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { getCookie } from 'hono/cookie'
import { html as markup } from 'hono/html'
import { HTTPException } from 'hono/http-exception'
import { secureHeaders } from 'hono/secure-headers'
import { type AgentSessionStore, type TurnHandler, tabKey } from 'leftoff/server'
import * as z from 'zod'
import { type StoredOnServer, workspaces } from '../shared/chat-api.js'
import type { Messages } from './messages.js'
import { hostCheck, sameOrigin } from './own-address.js'
import type { PageSupabase } from './supabase.js'
import type { Transcripts } from './transcripts.js'
import { forgetUser, readUser, writeUser } from './user-cookie.js'

/** What the app is made of. Tests pass their own. */
export interface ChatApp {
  readonly sessionStore: AgentSessionStore
  readonly messages: Messages
  readonly transcripts: Transcripts
  readonly turns: TurnHandler
  /** Offered to the page as a place for its sessions. */
  readonly supabase?: PageSupabase | undefined
  /** The built page. */
  readonly html: string
  readonly cookieSecret: string
  /** The names of this server, beside those of this machine to itself. */
  readonly hosts?: readonly string[]
  /** Called with every error: the browser gets one sentence only. */
  readonly onError: (error: unknown) => void
  readonly createId: () => string
}

/** The chat app as a web-standard handler: page and API. Everything is scoped to the cookie's user. */
export function createApp(deps: ChatApp) {
  const { sessionStore, messages, transcripts, turns, supabase, html, cookieSecret, hosts, onError, createId } = deps
  const app = new Hono<{ Variables: { userId: string } }>()
  // For all there is, also for what is added to the app later.
  app.use(secureHeaders(headersFor(supabase?.url)), hostCheck(hosts), bodyLimit({ maxSize: maxBodyBytes }))
  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse() // a body that is too long
    onError(error)
    // Not its message, which may quote what must stay here.
    return c.json({ error: 'The server could not answer. Its log says why.' }, 500)
  })

  app.get('/', (c) => c.redirect('/chat'))

  app.get('/chat/:conversationId?', async (c) => {
    const userId = (await readUser(c.req.raw, cookieSecret)) ?? createId()
    await writeUser(c, cookieSecret, userId)
    c.header('Cache-Control', 'private, no-cache')
    const root = markup`<div id="root" data-user-id="${userId}" data-supabase-url="${supabase?.url ?? ''}" data-supabase-key="${supabase?.anonKey ?? ''}"`
    const theme = getCookie(c, 'leftoff_chat_theme')
    const themed = theme === 'light' || theme === 'dark' ? html.replace('<html', `<html data-theme="${theme}"`) : html
    return c.html(themed.replace('<div id="root"', () => `${root}`))
  })

  app.use('/api/*', sameOrigin, async (c, next) => {
    const userId = await readUser(c.req.raw, cookieSecret)
    if (userId === undefined) return c.json({ error: 'Open /chat first: it gives this browser its user.' }, 401)
    c.set('userId', userId)
    c.header('Cache-Control', 'no-store')
    await next()
  })

  app.all('/api/turn', (c) => turns.fetch(c.req.raw))

  app.get('/api/conversations/:conversationId/messages', async (c) => {
    const conversationId = id.safeParse(c.req.param('conversationId'))
    if (!conversationId.success) return c.json({ error: 'No such conversation.' }, 404)
    return c.json({ messages: await messages.list({ userId: c.get('userId'), conversationId: conversationId.data }) })
  })

  app.post('/api/forget', async (c) => {
    const body = conversationRequest.safeParse(await readJson(c))
    if (!body.success) return c.json({ error: z.prettifyError(body.error) }, 400)
    const { workspace, conversationId } = body.data
    const key = tabKey({ userId: c.get('userId'), workspace, tabId: conversationId })
    const agentSessionId = await sessionStore.get(key)
    const forgotten = agentSessionId !== undefined && (await transcripts.remove(workspace, agentSessionId))
    return c.json({ forgotten })
  })

  app.get('/api/stored', async (c) => {
    const query = conversationRequest.safeParse(c.req.query())
    if (!query.success) return c.json({ error: z.prettifyError(query.error) }, 400)
    const { workspace, conversationId } = query.data
    const key = tabKey({ userId: c.get('userId'), workspace, tabId: conversationId })
    const agentSessionId = await sessionStore.get(key)
    const stored: StoredOnServer = { tabKey: key }
    if (agentSessionId === undefined) return c.json(stored)
    const fingerprint = createHash('sha256').update(agentSessionId).digest('hex').slice(0, 12)
    const summary = await transcripts.summarize(workspace, agentSessionId)
    // Not the summary itself: it has the agent session's id.
    const transcript = summary && { messageCount: summary.messageCount, outputTokens: summary.tokenUsage?.output ?? 0 }
    return c.json({
      ...stored,
      agentSession: { fingerprint, ...(transcript && { transcript }) },
    } satisfies StoredOnServer)
  })

  /** The next visit is another guest's. What the page keeps of this one is the page's to delete. */
  app.post('/api/sign-out', (c) => {
    forgetUser(c)
    return c.json({ signedOut: true })
  })

  /** Answers while the server does: a page that could not reach it asks this. */
  app.get('/api/health', (c) => c.body(null, 204))

  /** With it the page is the cookie's user in Supabase too. */
  app.get('/api/supabase-token', async (c) => {
    if (!supabase) return c.json({ error: 'This server offers no Supabase to its page.' }, 404)
    return c.json({ token: await supabase.signUser(c.get('userId')) })
  })

  return app
}

/** As much as `createTurnHandler` takes. */
const maxBodyBytes = 256 * 1024

/** An id from outside: enough for a UUID and for the ids of older apps, nothing that means something in a path. */
const id = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/)

const conversationRequest = z.object({ workspace: z.enum(workspaces), conversationId: id })

async function readJson(c: Context): Promise<unknown> {
  return c.req.json().catch(() => undefined)
}

/** What a page of this app may do: load from here and from Supabase, be framed by nobody. Nothing that only makes sense on https. */
function headersFor(supabaseUrl: string | undefined) {
  return {
    contentSecurityPolicy: {
      defaultSrc: ["'self'"],
      connectSrc: ["'self'", ...(supabaseUrl === undefined ? [] : [supabaseUrl])],
      // An answer that names a picture elsewhere would tell that server who reads it.
      imgSrc: ["'self'", 'data:'],
      frameAncestors: ["'none'"],
    },
    strictTransportSecurity: false,
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
  }
}
