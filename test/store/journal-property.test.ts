import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SessionAdapter } from '../../src/core/session-adapter.js'
import { committed } from '../support/committed.js'
import { setUp } from '../support/tabs.js'

const say = (text: string) => ({ role: 'user' as const, text })

describe('the journal', () => {
  it('loses and doubles nothing, wherever pages go away and storage fails', async () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.constant('say' as const) },
      { weight: 2, arbitrary: fc.constant('hide' as const) },
      { weight: 2, arbitrary: fc.constant('reload' as const) },
      { weight: 1, arbitrary: fc.constant('fail' as const) },
      { weight: 1, arbitrary: fc.constant('lose' as const) },
      { weight: 2, arbitrary: fc.constant('work' as const) },
      { weight: 2, arbitrary: fc.constant('wait' as const) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async (steps) => {
        const real = committed()
        let mode: 'work' | 'fail' | 'lose' = 'work'
        const adapter: SessionAdapter = {
          ...real,
          async save(changes) {
            if (mode === 'fail') throw new Error('down')
            const refusals = await real.save(changes)
            // The row is stored, and nobody learns of it.
            if (mode === 'lose') throw new Error('the answer was lost')
            return refusals
          },
        }
        const { openTab, clock, settle } = setUp({ adapter })
        let tab = openTab()
        const id = await tab.store.initConversation('w')
        let said = 0
        for (const next of steps) {
          if (next === 'say') tab.store.recordMessage(say(`message ${++said}`))
          else if (next === 'hide') tab.tab.tell('hidden')
          else if (next === 'wait') await clock.advance(1_500)
          else if (next === 'reload') {
            tab = tab.reload()
            expect(await tab.store.initConversation('w')).toBe(id)
          } else mode = next
        }
        mode = 'work'
        tab = tab.reload()
        expect(await tab.store.initConversation('w')).toBe(id)
        await settle()
        await clock.advance(60_000)
        const row = await real.get('', id)
        expect(typeof row === 'object' ? row.messageCount : 0).toBe(said)
        expect(tab.store.getState().sessions[0]?.messageCount ?? 0).toBe(said)
      }),
      { numRuns: Number(process.env.LEFTOFF_RUNS ?? 60) },
    )
  })
})
