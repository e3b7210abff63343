import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { type ReactNode, Suspense, use } from 'react'
import { renderToPipeableStream, renderToReadableStream, renderToString } from 'react-dom/server'
import { describe, expect, it, vi } from 'vitest'
import { NewChatButton, SessionHistory, SessionNotice, SessionProvider, useSessions } from '../../src/react/index.js'
import { session } from '../support/session.js'
import { Chat } from './chat.js'

describe('rendering on a server', () => {
  it('shows a page that is not initialised yet, with and without a provider', () => {
    const bare = renderToString(<Chat workspace="w" />)
    const provided = renderToString(
      <SessionProvider userId="u1">
        <Chat workspace="w" />
      </SessionProvider>,
    )
    expect(provided).toBe(bare)
    expect(bare).toContain('data-initialized="false"')
    expect(bare).toContain('data-status="idle"')
    expect(bare).toContain('id="new" disabled=""')
  })

  it('leaves nothing behind that the next request could see', () => {
    const history = (userId: string) => (
      <SessionProvider userId={userId} initialState={{ sessions: [rowOf('ada')] }}>
        <SessionHistory workspace="w" />
      </SessionProvider>
    )
    const first = renderToString(<Chat workspace="w" />)
    expect(renderToString(history('ada'))).toContain('said by ada')
    expect(renderToString(<Chat workspace="w" />)).toBe(first)
    expect(renderToString(<SessionHistory workspace="w" />)).not.toContain('said by')
    expect(renderToString(history('bob'))).not.toContain('said by')
    expect(globalThis).not.toHaveProperty('localStorage')
  })

  it('asks for nothing random and for no time, which Next.js refuses in what it renders in advance', () => {
    const asked: string[] = []
    const spies = [
      vi.spyOn(crypto, 'getRandomValues'),
      vi.spyOn(crypto, 'randomUUID'),
      vi.spyOn(Math, 'random'),
      vi.spyOn(Date, 'now'),
    ].map((spy) =>
      spy.mockImplementation(() => {
        asked.push(spy.getMockName())
        throw new Error('asked while rendering')
      }),
    )
    try {
      renderToString(
        <SessionProvider>
          <NewChatButton>New chat</NewChatButton>
          <SessionNotice />
          <SessionHistory />
          <Chat workspace="w" />
        </SessionProvider>,
      )
    } finally {
      for (const spy of spies) spy.mockRestore()
    }
    expect(asked).toEqual([])
  })

  it('says no time, which would be another one in the browser', () => {
    const html = renderToString(
      <SessionProvider userId="ada" initialState={{ sessions: [rowOf('ada')] }}>
        <SessionHistory workspace="w" />
      </SessionProvider>,
    )
    expect(html).toContain('<time dateTime="1970-01-01T00:00:00.000Z"></time>')
  })
})

describe('two requests at the same time', () => {
  const stream = {
    renderToPipeableStream: (page: ReactNode) => text(renderToPipeableStream(page).pipe(new PassThrough())),
    renderToReadableStream: async (page: ReactNode) => text(await renderToReadableStream(page)),
  }

  it.each(['renderToPipeableStream', 'renderToReadableStream'] as const)(
    'never see each other’s state: %s',
    async (name) => {
      const users = ['ada', 'bob', 'cyd']
      const steps = users.map(() => [gate('first'), gate('second'), gate('third')])
      const pages = users.map((user, index) =>
        stream[name](
          <SessionProvider userId={user} initialState={{ sessions: [rowOf(user)] }}>
            <Said />
            {steps[index]?.map(({ name, opened }) => (
              <Suspense key={name} fallback="…">
                <SaidAfter opened={opened} />
              </Suspense>
            ))}
          </SessionProvider>,
        ),
      )
      // Each request goes on a step, then the next one does: while one waits, the others render.
      for (const step of [0, 1, 2]) {
        for (const gates of steps) {
          gates[step]?.open()
          await new Promise((resolve) => setImmediate(resolve))
        }
      }
      const said = (await Promise.all(pages)).map((html) => html.match(/said by \w+/g))
      expect(said).toEqual(users.map((user) => Array(4).fill(`said by ${user}`)))
    },
  )
})

const rowOf = (userId: string) => session({ userId, lastMessagePreview: `said by ${userId}` })

function Said(): ReactNode {
  return <p>{useSessions('w').map(({ lastMessagePreview }) => lastMessagePreview)}</p>
}

function SaidAfter({ opened }: { opened: Promise<void> }): ReactNode {
  use(opened)
  return <Said />
}

/** A promise that the test resolves. */
function gate(name: string) {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { name, opened, open }
}
