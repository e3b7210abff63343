import { isObject, parseJson } from '../core/checks.js'
import { nowMs } from '../core/clock.js'
import { keysWith, parseStorageKey, storageKey } from '../core/keys-and-ids.js'
import type { RankedSession } from '../core/session.js'
import type { WebStorage } from '../core/web-storage.js'
import { tryStorage } from './device-keys.js'
import type { User } from './user.js'

/** Where drafts are kept. Made by {@link drafts}. */
export interface DraftStorage {
  /** This tab's draft of the conversation, else, if `isHeld`, the one that another tab left; `''` if there is none. */
  read(user: User, conversationId: string, isHeld: boolean): string
  /** Keeps the draft for this tab; `''` deletes it. */
  write(user: User, conversationId: string, workspace: string, text: string): void
  /** The page is hidden or left: other tabs and later visits shall find its drafts. */
  share(user: User): void
  /** The guest's drafts become the user's. */
  move(guest: User, user: User): void
  /** The conversations of the workspace that have a draft. */
  listed(user: User, workspace: string): readonly Pick<RankedSession, 'conversationId' | 'rank'>[]
}

interface Draft {
  readonly text: string
  readonly workspace: string
  /** Ms since the epoch. */
  readonly at: number
}

const maxDrafts = 50
const maxDraftLength = 100_000

/**
 * Keeps what a person is typing through reloads and closed browsers: in sessionStorage while typing, in localStorage once the page
 * is hidden. Pass it as the `drafts` option, so that an app without drafts does not download it.
 *
 * @example
 * ```ts
 * import { createSessionStore, drafts, localStorageAdapter } from 'leftoff'
 *
 * const store = createSessionStore({ adapter: localStorageAdapter(), drafts: drafts() })
 * const conversationId = await store.initConversation('demo.alive.best')
 * composer.value = store.draftOf(conversationId)
 * composer.oninput = () => store.setDraft(conversationId, composer.value)
 * ```
 */
export function drafts(): DraftStorage {
  /** In a page without sessionStorage they are here only. */
  const memory = new WeakMap<User, Map<string, Draft>>()
  const key = ({ context, userId }: User, conversationId: string) =>
    storageKey(context.name, 'draft', userId, conversationId)
  const use = <T>(user: User, kind: 'localStorage' | 'sessionStorage', run: (storage: WebStorage) => T) =>
    user.context.keepsContent ? tryStorage(user.context, kind, run) : undefined

  function mine(user: User): Map<string, Draft> {
    const own = memory.get(user) ?? new Map<string, Draft>()
    memory.set(user, own)
    return own
  }

  function parse(user: User, text: string | null): Draft | undefined {
    const value = text === null ? undefined : parseJson(text)
    if (!isObject(value) || value.epoch !== user.epoch) return undefined
    const { text: draft, workspace, at } = value
    return typeof draft === 'string' && typeof workspace === 'string' && typeof at === 'number'
      ? { text: draft, workspace, at }
      : undefined
  }

  /** All drafts in a storage; those of a sign-in that ended are removed. */
  function readAll(user: User, storage: WebStorage): Map<string, Draft> {
    const found = new Map<string, Draft>()
    for (const own of keysWith(storage, `${storageKey(user.context.name, 'draft', user.userId)}/`)) {
      const draft = parse(user, storage.getItem(own))
      const [, , conversationId = ''] = parseStorageKey(user.context.name, own)
      if (draft) found.set(conversationId, draft)
      else storage.removeItem(own)
    }
    return found
  }

  return {
    read(user, conversationId, isHeld) {
      const own = mine(user).get(conversationId)
      if (own) return own.text
      const from = (kind: 'localStorage' | 'sessionStorage') =>
        use(user, kind, (storage) => parse(user, storage.getItem(key(user, conversationId))))
      return (from('sessionStorage') ?? (isHeld ? from('localStorage') : undefined))?.text ?? ''
    },

    write(user, conversationId, workspace, text) {
      const draft: Draft = { text: text.slice(0, maxDraftLength), workspace, at: nowMs(user.context.clock) }
      mine(user).set(conversationId, draft)
      const own = key(user, conversationId)
      if (text === '') {
        for (const kind of ['sessionStorage', 'localStorage'] as const) {
          use(user, kind, (storage) => storage.removeItem(own))
        }
        return
      }
      use(user, 'sessionStorage', (storage) => storage.setItem(own, JSON.stringify({ ...draft, epoch: user.epoch })))
    },

    share(user) {
      const own = [...mine(user)].filter(([, { text }]) => text !== '')
      if (own.length === 0) return
      use(user, 'localStorage', (storage) => {
        for (const [id, draft] of own) storage.setItem(key(user, id), JSON.stringify({ ...draft, epoch: user.epoch }))
        const all = [...readAll(user, storage)].sort(([, a], [, b]) => b.at - a.at)
        for (const [id] of all.slice(maxDrafts)) storage.removeItem(key(user, id))
      })
    },

    move(guest, user) {
      for (const kind of ['sessionStorage', 'localStorage'] as const) {
        use(user, kind, (storage) => {
          for (const [id, draft] of readAll(guest, storage)) {
            const own = key(user, id)
            if (!parse(user, storage.getItem(own))) {
              storage.setItem(own, JSON.stringify({ ...draft, epoch: user.epoch }))
            }
            storage.removeItem(key(guest, id))
          }
        })
      }
    },

    listed(user, workspace) {
      const found = use(user, 'localStorage', (storage) => readAll(user, storage)) ?? []
      return [...found].flatMap(([conversationId, draft]) =>
        draft.workspace === workspace ? [{ conversationId, rank: draft.at }] : [],
      )
    },
  }
}
