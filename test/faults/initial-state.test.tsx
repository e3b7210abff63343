import { renderToString } from 'react-dom/server'
import { describe } from 'vitest'
import { SessionHistory, SessionProvider } from '../../src/react/index.js'
import { session } from '../support/session.js'
import { openWorld } from './driver.js'
import { fault } from './fault.js'

describe('an initial state', () => {
  fault('S37', {
    title: 'drops invalid rows and shows the valid ones',
    run() {
      const good = session({ conversationId: 'good', title: 'A good row' })
      const shown = (broken: unknown): string => {
        try {
          const { store } = openWorld().openPage({ initialSessions: [broken, good] })
          const html = renderToString(
            <SessionProvider store={store}>
              <SessionHistory workspace="w" />
            </SessionProvider>,
          )
          return html.includes('A good row') ? 'good rows' : 'none'
        } catch {
          return 'it throws'
        }
      }
      return {
        nullRow: shown(null),
        timeThatIsNaN: shown({ ...session({ conversationId: 'broken' }), lastActivity: Number.NaN }),
        titleThatIsAnObject: shown({ ...session({ conversationId: 'broken' }), title: { text: 'A title' } }),
      }
    },
    seen: { nullRow: 'it throws', timeThatIsNaN: 'it throws', titleThatIsAnObject: 'it throws' },
    right: { nullRow: 'good rows', timeThatIsNaN: 'good rows', titleThatIsAnObject: 'good rows' },
  })
})
