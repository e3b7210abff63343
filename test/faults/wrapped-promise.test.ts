import { afterAll, describe } from 'vitest'
import { fault } from './fault.js'

const { then } = Promise.prototype
// As performance monitors do.
// biome-ignore lint/suspicious/noThenProperty: monitors do this
Promise.prototype.then = function wrapped(...given) {
  return Reflect.apply(then, this, given)
}
afterAll(() => {
  // biome-ignore lint/suspicious/noThenProperty: restores it
  Promise.prototype.then = then
})

// Imported only now, because the app loads after the monitor.
const [{ openWorld }, { inMemory }, { watch }] = await Promise.all([
  import('./driver.js'),
  import('./indexed-db.js'),
  import('./outcome.js'),
])

describe('a script that wraps Promise.prototype.then', () => {
  fault('S40', {
    title: 'before Dexie loads breaks neither saves nor removals',
    async run() {
      const world = openWorld({ adapter: { dexie: inMemory() } })
      const page = world.openPage()
      const opening = watch(page.open())
      await world.pass(5_000)
      page.say('hello')
      const flush = watch(page.flush())
      await world.pass(1_000)
      const remove = watch(page.remove(page.current() ?? ''))
      await world.pass(1_000)
      return { open: opening.outcome(), flush: flush.outcome(), remove: remove.outcome() }
    },
    seen: { open: 'resolved', flush: 'rejected', remove: 'rejected' },
    right: { open: 'resolved', flush: 'resolved', remove: 'resolved' },
  })
})
