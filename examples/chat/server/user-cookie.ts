import type { Context } from 'hono'
import { deleteCookie, setSignedCookie } from 'hono/cookie'
import { parseSigned } from 'hono/utils/cookie'

const name = 'leftoff_chat_user'
const maxAgeSeconds = 400 * 24 * 60 * 60 // the longest that browsers accept

/** The user of this request: a guest with a random, opaque id in a signed cookie. An app with sign-in asks its session here. */
export async function readUser(request: Request, secret: string): Promise<string | undefined> {
  const cookies = await parseSigned(request.headers.get('cookie') ?? '', secret, name)
  // `false` for a cookie whose signature does not fit
  return cookies[name] || undefined
}

/** Gives the browser `userId`, in a cookie that scripts cannot read. Also prolongs the one it has. */
export async function writeUser(c: Context, secret: string, userId: string): Promise<void> {
  await setSignedCookie(c, name, userId, secret, {
    httpOnly: true,
    sameSite: 'Lax',
    secure: new URL(c.req.url).protocol === 'https:',
    path: '/',
    maxAge: maxAgeSeconds,
  })
}

/** The browser is nobody's until its next visit. */
export function forgetUser(c: Context): void {
  deleteCookie(c, name, { path: '/' })
}
