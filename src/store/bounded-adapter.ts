import type { SessionAdapter } from '../core/adapter.js'
import type { RankedText, SessionChange, Titles } from '../core/change.js'
import type { Clock } from '../core/clock.js'
import { withTimeout } from '../core/clock.js'

/** How long one call of an adapter may take. One that never answers must not stop the others. */
const callTimeoutMs = 10_000

/**
 * The adapter with a bound on each call; without `keepsContent` no text reaches it, wherever the change came from. Calls its
 * methods as methods: an adapter may be a class. Each is called before this returns, because a page that goes away has no later.
 */
export function boundedAdapter(adapter: SessionAdapter, clock: Clock, keepsContent: boolean): SessionAdapter {
  const { name, place, durability } = adapter

  function call<T>(run: () => Promise<T>): Promise<T> {
    try {
      return withTimeout(clock, run(), callTimeoutMs, name)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  return {
    name,
    place,
    durability,
    list: (userId, query) => call(() => adapter.list(userId, query)),
    get: (userId, conversationId) => call(() => adapter.get(userId, conversationId)),
    save: (changes) => call(() => adapter.save(keepsContent ? changes : changes.map(withoutTexts))),
    remove: (userId, conversationIds) => call(() => adapter.remove(userId, conversationIds)),
    clear: (userId, workspace) => call(() => adapter.clear(userId, workspace)),
    ...(adapter.epochOf && { epochOf: (userId) => call(() => adapter.epochOf?.(userId) ?? Promise.resolve('')) }),
    ...(adapter.forget && {
      forget: (userId, nextEpoch) => call(() => adapter.forget?.(userId, nextEpoch) ?? Promise.resolve()),
    }),
    ...(adapter.subscribe && { subscribe: (userId, listener) => adapter.subscribe?.(userId, listener) ?? (() => {}) }),
    ...(adapter.onReport && { onReport: (listener) => adapter.onReport?.(listener) ?? (() => {}) }),
    ...(adapter.close && { close: () => call(() => adapter.close?.() ?? Promise.resolve()) }),
  }
}

/** The change without texts; empty ones stay, because they erase what is stored. */
function withoutTexts({ preview, titles, ...rest }: SessionChange): SessionChange {
  const erasing: Titles = {
    ...(isEmpty(titles?.message) && { message: titles.message }),
    ...(isEmpty(titles?.app) && { app: titles.app }),
    ...(isEmpty(titles?.person) && { person: titles.person }),
  }
  return {
    ...rest,
    ...(isEmpty(preview) && { preview }),
    ...(Object.keys(erasing).length > 0 && { titles: erasing }),
  }
}

function isEmpty(text: RankedText | undefined): text is RankedText {
  return text?.text === ''
}
