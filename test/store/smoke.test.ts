import { expect, it } from 'vitest'
import { setUp } from '../support/tabs.js'
it('smoke', async () => {
  const { openTab, clock } = setUp()
  const tab = openTab()
  const p = tab.store.initConversation('w')
  await clock.advance(5000)
  const id = await p
  expect(tab.store.getState().status).toBe('ready')
  tab.store.recordMessage({ role: 'user', text: 'Hello' })
  await clock.advance(3000)
  await tab.store.flush()
  console.log(JSON.stringify(tab.store.getState()), tab.events)
  const again = tab.reload()
  const q = again.store.initConversation('w')
  await clock.advance(5000)
  expect(await q).toBe(id)
  console.log(JSON.stringify(again.store.getState()), again.events)
})
