/** One browser, driven by W3C WebDriver over HTTP. */
export interface WebDriverSession {
  /** One command. Commands run one after the other. */
  command(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown>
  /** The same for one window: nothing comes between the choice of the window and the command. */
  inWindow(handle: string, method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown>
  windows(): Promise<readonly string[]>
  /** Opens a tab. */
  open(): Promise<string>
}

/** Starts the browser that `capabilities` name. Each command has `commandMs`: longer than any takes, shorter than a test may. */
export async function startSession(
  driverUrl: string,
  capabilities: object,
  { commandMs = 20_000 } = {},
): Promise<WebDriverSession> {
  const send = (base: string, method: string, path: string, body?: unknown) =>
    sendWithin(commandMs, base, method, path, body)
  const started = await send(driverUrl, 'POST', '/session', { capabilities: { alwaysMatch: capabilities } })
  const base = `${driverUrl}/session/${textOf(started, 'sessionId')}`
  let last: Promise<unknown> = Promise.resolve()

  /** Whether the one before failed is for its caller. */
  function inTurn<T>(run: () => Promise<T>): Promise<T> {
    const next = last.then(run, run)
    last = next.catch(() => {})
    return next
  }

  const inWindow: WebDriverSession['inWindow'] = (handle, method, path, body) =>
    inTurn(async () => {
      await send(base, 'POST', '/window', { handle })
      return send(base, method, path, body)
    })
  // Never closed, as the session ends with its last window.
  const home = await send(base, 'GET', '/window')

  return {
    command: (method, path, body) => inTurn(() => send(base, method, path, body)),
    inWindow,
    async windows() {
      const handles = await inTurn(() => send(base, 'GET', '/window/handles'))
      if (!Array.isArray(handles)) throw new Error('WebKitWebDriver gave no list of windows.')
      return handles.map(String)
    },
    open: async () => textOf(await inWindow(String(home), 'POST', '/window/new', { type: 'tab' }), 'handle'),
  }
}

/** Whether a driver listens there. */
export async function isReady(driverUrl: string): Promise<true | undefined> {
  return sendWithin(2_000, driverUrl, 'GET', '/status').then(
    () => true as const,
    () => undefined,
  )
}

async function sendWithin(
  commandMs: number,
  base: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  let response: Response
  try {
    response = await fetch(`${base}${path}`, {
      method,
      signal: AbortSignal.timeout(commandMs),
      // The driver refuses a POST without a body.
      ...(method === 'POST' && { body: JSON.stringify(body ?? {}), headers: { 'Content-Type': 'application/json' } }),
    })
  } catch (cause) {
    throw new Error(`WebKitWebDriver did not answer ${method} ${path} within ${commandMs} ms.`, { cause })
  }
  const answer: unknown = await response.json()
  const value = memberOf(answer, 'value')
  if (!response.ok)
    throw new Error(`WebKitWebDriver refused ${method} ${path}: ${textOf(value, 'error')}, ${textOf(value, 'message')}`)
  return value
}

function memberOf(from: unknown, name: string): unknown {
  return typeof from === 'object' && from !== null ? Reflect.get(from, name) : undefined
}

function textOf(from: unknown, name: string): string {
  const value = memberOf(from, name)
  return typeof value === 'string' ? value : ''
}
