import { isObject } from '../core/checks.js'
import { randomScope } from '../core/ids.js'
import { storageKey } from '../core/web-storage.js'
import type { StoreContext } from './context.js'

/**
 * Calls `giveWay` when a store is made later for the same place and user in this page, such as by a hot reload: that one takes over at
 * once. Tells earlier stores of this one.
 */
export function onLaterStore(
  { name, panel, browser }: StoreContext,
  userId: () => string | undefined,
  giveWay: () => void,
): () => void {
  const events = browser.events()
  const type = `${storageKey(name, 'store')}/${panel}`
  const own = randomScope()
  const onStore = (event: Event): void => {
    if (!(event instanceof CustomEvent) || !isObject(event.detail)) return
    const { by, userId: ofUser } = event.detail
    if (by !== own && ofUser === userId()) giveWay()
  }
  events?.dispatchEvent(new CustomEvent(type, { detail: { by: own, userId: userId() } }))
  events?.addEventListener(type, onStore)
  return () => events?.removeEventListener(type, onStore)
}
