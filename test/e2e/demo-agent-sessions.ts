import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient } from '@supabase/supabase-js'
import { SignJWT } from 'jose'
import { supabaseAgentSessions, tabKey } from 'leftoff/server'
import type { Page } from 'playwright'

/**
 * The agent session id that the demo's server has stored for the conversation on the page: asked as another server would,
 * with a token of the service role, which only who can read the demo's data can sign.
 */
export async function agentSessionOf(page: Page, dataDir: string): Promise<string | undefined> {
  const userId = (await page.locator('#root').getAttribute('data-user-id')) ?? ''
  const main = page.locator('main[data-conversation-id]')
  const workspace = (await main.getAttribute('data-workspace')) ?? ''
  const tabId = (await main.getAttribute('data-conversation-id')) ?? ''
  const anonKey = await page.locator('#root').getAttribute('data-supabase-key')
  const secret = await readFile(join(dataDir, 'supabase-jwt-secret'))
  const token = await new SignJWT({ role: 'service_role' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1m')
    .sign(secret)
  const client = createClient(new URL(page.url()).origin, anonKey ?? '', {
    accessToken: async () => token,
    realtime: { transport: NoRealtime as unknown as typeof WebSocket }, // never called, so never asked for more
  })
  return supabaseAgentSessions({ client }).get(tabKey({ userId, workspace, tabId }))
}

/** Node 20 has no WebSocket, and createClient wants one. */
class NoRealtime {}
