import { describe } from 'vitest'
import { fault } from './fault.js'

describe('a script that wraps Promise.prototype.then', () => {
  fault('S40', {
    title: 'before Dexie is loaded hinders no save and no removal',
    async run() {
      const { then } = Promise.prototype
      // As monitors do that follow what a page waits for.
      // biome-ignore lint/suspicious/noThenProperty: this is what such a script does
      Promise.prototype.then = function wrapped(...given) {
        return Reflect.apply(then, this, given)
      }
      try {
        // Loaded from here on, as the page's own script is loaded after the monitor's.
        const [{ openWorld }, { inMemory }, { watch }] = await Promise.all([
          import('./driver.js'),
          import('./indexed-db.js'),
          import('./outcome.js'),
        ])
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
      } finally {
        // biome-ignore lint/suspicious/noThenProperty: as it was
        Promise.prototype.then = then
      }
    },
    seen: { open: 'resolved', flush: 'rejected', remove: 'rejected' },
    right: { open: 'resolved', flush: 'resolved', remove: 'resolved' },
  })
})
