import { Hono } from 'hono'
import { expect, it } from 'vitest'
import { forgetUser, readUser, writeUser } from '../../../examples/chat/server/user-cookie.js'

const secret = 'a secret of the server'
const name = 'leftoff_chat_user'

function serverWith(secret: string) {
  const app = new Hono()
  app.get('/as/:user', async (c) => {
    await writeUser(c, secret, c.req.param('user'))
    return c.body(null, 204)
  })
  app.get('/out', (c) => {
    forgetUser(c)
    return c.body(null, 204)
  })
  return app
}

/** The cookie that the server gives to a user, as the browser sends it. */
async function cookieOf(user: string, of = secret): Promise<string> {
  const { headers } = await serverWith(of).request(`/as/${user}`)
  return headers.getSetCookie()[0]?.split(';')[0] ?? ''
}

const whoSends = (cookie: string) => readUser(new Request('http://localhost/', { headers: { cookie } }), secret)

it('a cookie that the server did not sign is nobody’s, however it is made', async () => {
  const [ada, mallory, elsewhere] = await Promise.all([
    cookieOf('ada'),
    cookieOf('mallory'),
    cookieOf('ada', 'guessed'),
  ])
  expect(await whoSends(ada)).toBe('ada')
  const [, value = ''] = ada.split(`${name}=`)
  const signature = value.slice('ada.'.length)
  const [, ofMallory = ''] = mallory.split('mallory.')
  const flipped = Array.from(
    signature,
    (letter, at) => `${name}=ada.${signature.slice(0, at)}${letter === 'A' ? 'B' : 'A'}${signature.slice(at + 1)}`,
  )
  const forged = [
    ...flipped.slice(0, -6), // the last letters are padding and its encoding
    elsewhere,
    `${name}=ada`,
    `${name}=ada.`,
    `${name}=.${signature}`,
    `${name}=${signature}`,
    `${name}=ada.${ofMallory}`,
    `${name}=mallory.${signature}`,
    `${name}=ada.${signature.slice(0, 20)}`,
    `${name}=ada.${signature}${signature}`,
    `${name}="ada.undefined"`,
    `${name}=%61da.${ofMallory}`,
    `${name.toUpperCase()}=${value}`,
    `__proto__=${value}`,
    `x${name}=${value}`,
    `${name}[]=${value}`,
    `${name}=`,
    '',
    ';;;=;',
    '%',
    `${name}=${'a'.repeat(100_000)}`,
  ]
  for (const cookie of forged) expect([cookie, await whoSends(cookie)]).toEqual([cookie, undefined])
})

it('two cookies of one name, such as one that a neighbouring site planted, make nobody another user', async () => {
  const [ada, bad] = [await cookieOf('ada'), `${name}=mallory.${'A'.repeat(43)}%3D`]
  for (const cookie of [`${ada}; ${bad}`, `${bad}; ${ada}`, `${name}; ${ada}`, `${ada}; ${name}=`]) {
    expect([undefined, 'ada']).toContain(await whoSends(cookie))
  }
})

it('scripts and other sites do not get it, and signing out deletes it', async () => {
  const app = serverWith(secret)
  const set = async (url: string) => (await app.request(url)).headers.getSetCookie()
  expect(await set('/as/ada')).toEqual([expect.stringMatching(/^(?=.*; HttpOnly)(?=.*; SameSite=Lax)(?=.*; Path=\/)/)])
  expect((await set('https://chat.example/as/ada'))[0]).toContain('; Secure')
  expect(await set('/out')).toEqual([expect.stringMatching(/^leftoff_chat_user=; Max-Age=0/)])
})
