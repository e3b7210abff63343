import { jwtVerify, SignJWT } from 'jose'
import { RestError } from './rest-error.mjs'

/** The roles that a token may name; as on Supabase, the connection may become these and no other. */
const roles = ['anon', 'authenticated', 'service_role']

/** @typedef {import('jose').JWTPayload & { readonly role: string }} Claims */

/**
 * Signs and verifies the tokens of one stand-in: HS256 with a shared secret, as a local Supabase does.
 *
 * @param {string} jwtSecret At least 32 characters.
 */
export async function createKeys(jwtSecret) {
  const secret = new TextEncoder().encode(jwtSecret)
  if (secret.length < 32) throw new Error('The JWT secret needs at least 32 characters.')

  /** @param {import('jose').JWTPayload} claims @param {string} expiresIn */
  const sign = (claims, expiresIn) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer('leftoff-local-supabase')
      .setIssuedAt()
      .setExpirationTime(expiresIn)
      .sign(secret)

  const anonKey = await sign({ role: 'anon' }, '10y')
  const serviceRoleKey = await sign({ role: 'service_role' }, '10y')

  return {
    anonKey,
    serviceRoleKey,

    /**
     * The token of a signed-in user, as Supabase's auth server gives it.
     *
     * @param {string} userId
     * @param {string} [expiresIn]
     */
    signUser: (userId, expiresIn = '1h') =>
      sign({ sub: userId, role: 'authenticated', aud: 'authenticated' }, expiresIn),

    /**
     * Who asks, by the request's headers: Supabase's gateway wants a key, PostgREST a token that it can verify.
     *
     * @param {{ readonly apikey: string | undefined, readonly authorization: string | undefined }} headers
     * @returns {Promise<Claims>}
     */
    async claimsOf({ apikey, authorization }) {
      if (apikey === undefined) throw new RestError(401, { message: 'No API key found in request' })
      if (apikey !== anonKey && apikey !== serviceRoleKey) throw new RestError(401, { message: 'Invalid API key' })
      const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1]
      if (token === undefined) return { role: 'anon' }
      const { payload } = await jwtVerify(token, secret, { algorithms: ['HS256'], clockTolerance: 30 }).catch(refuse)
      const { role = 'anon' } = payload
      if (typeof role !== 'string' || !roles.includes(role)) {
        throw new RestError(401, { code: '22023', message: `role "${role}" does not exist` })
      }
      return { ...payload, role }
    },
  }
}

/**
 * @param {unknown} error
 * @returns {never}
 */
function refuse(error) {
  const isExpired = error instanceof Error && 'code' in error && error.code === 'ERR_JWT_EXPIRED'
  if (isExpired) throw new RestError(401, { code: 'PGRST303', message: 'JWT expired' })
  throw new RestError(401, {
    code: 'PGRST301',
    message: 'JWT could not be verified',
    details: error instanceof Error ? error.message : null,
  })
}
