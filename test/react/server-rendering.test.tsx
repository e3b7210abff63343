import { renderToString } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import { SessionProvider } from '../../src/react/index.js'
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
    const first = renderToString(<Chat workspace="w" />)
    expect(renderToString(<Chat workspace="w" />)).toBe(first)
    expect(globalThis).not.toHaveProperty('localStorage')
  })
})
