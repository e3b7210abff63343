import * as z from 'zod/mini'
import { parseJson } from '../core/parse-json.js'
import type { ConversationSession } from '../core/session.js'
import { conversationSession } from '../core/stored-row.js'
import { storageKey, type WebStorage } from '../core/web-storage.js'
import { quietly } from './quietly.js'

/** Which conversation this browser tab had, per user and workspace. A hint, never proof: a copied tab carries a copy of it. */
export interface Pointer {
  /** The row as this tab knew it, for a conversation that storage may not know yet. */
  readonly row: ConversationSession
  /** Whether its storage said that it was saved. */
  readonly isAcknowledged: boolean
}

/** The pointers of this tab: in memory, and in sessionStorage where there is one, so that a reload finds them. */
export function createPointers(name: string, openStorage: () => WebStorage | undefined) {
  const memory = new Map<string, Pointer>()

  return {
    read(userId: string, workspace: string): Pointer | undefined {
      const key = storageKey(name, 'pointer', userId, workspace)
      return memory.get(key) ?? quietly(openStorage, (storage) => parsePointer(storage.getItem(key), userId, workspace))
    },
    write(value: Pointer): void {
      const key = storageKey(name, 'pointer', value.row.userId, value.row.workspace)
      memory.set(key, value)
      quietly(openStorage, (storage) => storage.setItem(key, JSON.stringify(value)))
    },
    /** Drops what is left of users who signed out since this tab was last here, as a restored tab finds it. */
    dropIfSignedOut(signOuts: number): void {
      quietly(openStorage, (storage) => {
        const key = storageKey(name, 'sign-outs')
        const known = storage.getItem(key)
        if (known !== null && known !== String(signOuts)) {
          const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
          for (const old of keys) if (old.startsWith(`${storageKey(name, 'pointer')}/`)) storage.removeItem(old)
        }
        if (known !== String(signOuts)) storage.setItem(key, String(signOuts))
      })
    },
    /** Drops the user's pointer in a workspace, or in all. */
    dropAll(userId: string, workspace?: string): void {
      const isMeant = (key: string): boolean =>
        workspace === undefined
          ? key.startsWith(`${storageKey(name, 'pointer', userId)}/`)
          : key === storageKey(name, 'pointer', userId, workspace)
      for (const key of [...memory.keys()].filter(isMeant)) memory.delete(key)
      quietly(openStorage, (storage) => {
        const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
        for (const key of keys.filter(isMeant)) storage.removeItem(key)
      })
    },
  }
}

export type Pointers = ReturnType<typeof createPointers>

const pointer: z.ZodMiniType<Pointer> = z.object({ row: conversationSession, isAcknowledged: z.boolean() })

function parsePointer(text: string | null, userId: string, workspace: string): Pointer | undefined {
  if (text === null) return undefined
  const found = z.safeParse(pointer, parseJson(text)).data
  return found?.row.userId === userId && found.row.workspace === workspace ? found : undefined
}
