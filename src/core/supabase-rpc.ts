import type { Clock } from './clock.js'
import { LeftoffError, type LeftoffErrorCode } from './error.js'

/**
 * What is used of a supabase-js client, so that any version of it fits. One with types of its own database knows other
 * names and arguments than these, hence `never`: any will do.
 */
export interface SupabaseRpcClient {
  schema(name: never): {
    rpc(name: never, args: never): RpcCall
  }
}

/** A call that is sent when it is awaited. */
export interface RpcCall extends PromiseLike<RpcResponse> {
  abortSignal(signal: AbortSignal): PromiseLike<RpcResponse>
}

/** What a call gives: supabase-js throws nothing by default. */
export interface RpcResponse {
  readonly data: unknown
  readonly error: RpcError | null
  /** Of HTTP; 0 if there was no answer. */
  readonly status: number
}

/** What the database or the network says went wrong. */
export interface RpcError {
  readonly code?: string
  readonly message: string
}

/** How the functions of one schema are called. */
export interface RpcOptions {
  readonly client: SupabaseRpcClient
  readonly schema: 'app' | 'iam'
  /** How long one call may take. */
  readonly timeoutMs: number
  readonly clock: Clock
  /** The code for what the database refuses to store. */
  readonly onInvalid: LeftoffErrorCode
}

/** Calls SQL functions: their answer, or a typed error within a bound. */
export function rpcCaller({ client, schema, timeoutMs, clock, onInvalid }: RpcOptions) {
  // As supabase-js takes them when it has no types of the database; those are gone at run time.
  const untyped = client as {
    schema(name: string): { rpc(name: string, args: Readonly<Record<string, unknown>>): RpcCall }
  }
  return (name: string, args: Readonly<Record<string, unknown>>): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const what = `${schema}.${name}`
      const controller = new AbortController()
      // Settled here and not by the aborted request: what waits before it, such as for a new token, knows no signal.
      const cancel = clock.setTimeout(() => {
        reject(new LeftoffError('unreachable', `Supabase did not answer ${what} within ${timeoutMs} ms. Try again.`))
        controller.abort()
      }, timeoutMs)
      const fail = (cause: RpcError, status: number): void => reject(rpcError(what, cause, status, onInvalid))

      Promise.resolve(untyped.schema(schema).rpc(name, args).abortSignal(controller.signal))
        .then(
          ({ data, error, status }) => (error ? fail(error, status) : resolve(data)),
          // A client that is configured to throw, or one whose own code failed.
          (cause: unknown) => fail(thrown(cause), 0),
        )
        .finally(cancel)
    })
}

function rpcError(what: string, cause: RpcError, status: number, onInvalid: LeftoffErrorCode): LeftoffError {
  const { code = '' } = cause
  if (code === '42501' || status === 401 || status === 403 || /^PGRST30[1-3]$/.test(code)) {
    const message = `Supabase refused ${what}: the token may not, has run out, or is another user's. Sign in again.`
    return new LeftoffError('forbidden', message, { cause })
  }
  if (/^(22|23|54)/.test(code)) {
    return new LeftoffError(
      onInvalid,
      `${what}: the database cannot store what it was given; its reason is the cause.`,
      {
        cause,
      },
    )
  }
  if (status === 404 || /^(PGRST106|PGRST20[1-5]|42883|42P01|3F000)$/.test(code)) {
    const message = `Supabase does not know ${what}. Run supabase/migrations and expose the schema ${what.split('.', 1)}.`
    return new LeftoffError('storage-unavailable', message, { cause })
  }
  // A deadlock, a database that starts, stops or has no connection left, a gateway in between: another time it works.
  if (status === 0 || status === 408 || status === 429 || status >= 500 || /^(08|40|53|57|PGRST00)/.test(code)) {
    return new LeftoffError('unreachable', `Supabase could not be reached for ${what}. Try again.`, { cause })
  }
  return new LeftoffError('storage-unavailable', `Supabase could not run ${what}; its reason is the cause.`, { cause })
}

function thrown(cause: unknown): RpcError {
  const message = String(cause)
  if (typeof cause !== 'object' || cause === null || !('code' in cause) || typeof cause.code !== 'string') {
    return { message }
  }
  return { message, code: cause.code }
}
