import type { RankedText, SessionChange, Titles } from '../core/apply-change.js'
import type { Clock } from '../core/clock.js'
import { withTimeout } from '../core/clock.js'
import type { SessionAdapter } from '../core/session-adapter.js'

/** How long one call of an adapter may take. One that never answers must not stop the others. */
const callTimeoutMs = 10_000

/**
 * The adapter with a bound on each call; without `keepsContent` no text reaches it, wherever the change came from. Calls its
 * methods as methods: an adapter may be a class. Each is called before this returns, because a page that goes away has no later.
 */
export function boundedAdapter(adapter: SessionAdapter, clock: Clock, keepsContent: boolean): SessionAdapter {
  const { name, place, durability, epochOf, forget, subscribe, onReport, close } = adapter

  function bound<Args extends unknown[], T>(method: (...args: Args) => Promise<T>) {
    return (...args: Args): Promise<T> => {
      try {
        return withTimeout(clock, method.apply(adapter, args), callTimeoutMs, name)
      } catch (error) {
        return Promise.reject(error)
      }
    }
  }

  const save = bound(adapter.save)
  return {
    name,
    place,
    durability,
    list: bound(adapter.list),
    get: bound(adapter.get),
    save: keepsContent ? save : (changes) => save(changes.map(withoutTexts)),
    remove: bound(adapter.remove),
    clear: bound(adapter.clear),
    ...(epochOf && { epochOf: bound(epochOf) }),
    ...(forget && { forget: bound(forget) }),
    ...(subscribe && { subscribe: subscribe.bind(adapter) }),
    ...(onReport && { onReport: onReport.bind(adapter) }),
    ...(close && { close: bound(close) }),
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
