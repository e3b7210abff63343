import { storageKey } from '../core/web-storage.js'
import type { Browser } from './browser.js'
import { quietly } from './quietly.js'

/** A number in localStorage that grows with each sign-out on this device. It names no user. */
export function createSignOuts(name: string, browser: Browser, now: () => number) {
  const key = storageKey(name, 'sign-outs')
  const openStorage = () => browser.storage('localStorage')
  const read = (): number => quietly(openStorage, (storage) => Number(storage.getItem(key)) || 0) ?? 0

  return {
    read,
    /** Never below the time, so that it grows even if someone clears the storage in between. */
    raise(): void {
      const next = Math.max(read() + 1, now())
      quietly(openStorage, (storage) => storage.setItem(key, String(next)))
    },
  }
}

export type SignOuts = ReturnType<typeof createSignOuts>
