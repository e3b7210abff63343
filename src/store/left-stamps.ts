import * as z from 'zod/mini'
import { parseJson } from '../core/parse-json.js'
import { storageKey, type WebStorage } from '../core/web-storage.js'
import { quietly } from './quietly.js'

/** When conversations of a user were left last: one left a moment ago may be its page's reload. */
export function createLeftStamps(
  name: string,
  userId: string,
  now: () => number,
  openStorage: () => WebStorage | undefined,
) {
  const keyOf = (workspace: string) => storageKey(name, 'left', userId, workspace)
  const read = (storage: WebStorage, workspace: string) =>
    z.safeParse(stamps, parseJson(storage.getItem(keyOf(workspace)) ?? '')).data ?? {}

  return {
    /** Synchronous, for a page that is going away. */
    stamp(workspace: string, conversationId: string): void {
      quietly(openStorage, (storage) => {
        const fresh = Object.entries(read(storage, workspace)).filter(([, at]) => remaining(at) > 0)
        storage.setItem(keyOf(workspace), JSON.stringify({ ...Object.fromEntries(fresh), [conversationId]: now() }))
      })
    },

    /** How many ms its page has left to come back. */
    graceMs(workspace: string, conversationId: string): number {
      return remaining(quietly(openStorage, (storage) => read(storage, workspace)[conversationId]))
    },
  }

  function remaining(at = Number.NEGATIVE_INFINITY): number {
    const passed = now() - at
    return passed < 0 || passed > graceMs ? 0 : graceMs - passed
  }
}

export type LeftStamps = ReturnType<typeof createLeftStamps>

/** A reload takes about 30 ms, and as much longer as its script is late. */
const graceMs = 1_500
const stamps = z.record(z.string(), z.number())
