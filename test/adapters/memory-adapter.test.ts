import { describe } from 'vitest'
import { memoryAdapter } from '../../src/adapters/memory/memory-adapter.js'
import type { SessionChange } from '../../src/core/apply-change.js'
import type { ListQuery, SessionAdapter } from '../../src/core/session-adapter.js'
import { sessionAdapterConformance } from '../../src/testing/session-adapter-conformance.js'

describe('memoryAdapter', () => {
  let adapter = memoryAdapter()
  sessionAdapterConformance({
    open: () => adapter,
    destroy: () => {
      adapter = memoryAdapter()
    },
  })
})

/** Its members are on the prototype, and need their object. */
class ClassAdapter implements SessionAdapter {
  readonly name = 'class'
  readonly place = 'device'
  readonly durability = 'none'
  readonly #inner: SessionAdapter

  constructor(inner: SessionAdapter) {
    this.#inner = inner
  }
  list(userId: string, query: ListQuery) {
    return this.#inner.list(userId, query)
  }
  get(userId: string, conversationId: string) {
    return this.#inner.get(userId, conversationId)
  }
  save(changes: readonly SessionChange[]) {
    return this.#inner.save(changes)
  }
  remove(userId: string, conversationIds: readonly string[]) {
    return this.#inner.remove(userId, conversationIds)
  }
  clear(userId: string, workspace?: string) {
    return this.#inner.clear(userId, workspace)
  }
  async epochOf(userId: string) {
    return (await this.#inner.epochOf?.(userId)) ?? ''
  }
  async forget(userId: string, nextEpoch: string) {
    await this.#inner.forget?.(userId, nextEpoch)
  }
}

describe('an adapter that is a class, without a signal', () => {
  let inner = memoryAdapter()
  sessionAdapterConformance({
    open: () => new ClassAdapter(inner),
    destroy: () => {
      inner = memoryAdapter()
    },
  })
})

/** What an account keeps: it knows no epochs. */
function accountAdapter({ list, get, save, remove, clear, subscribe }: SessionAdapter): SessionAdapter {
  return {
    name: 'account',
    place: 'account',
    durability: 'committed',
    list,
    get,
    save: (changes) => save(changes.map((change) => ({ ...change, epoch: '' }))),
    remove,
    clear,
    ...(subscribe && { subscribe }),
  }
}

describe('an adapter of an account', () => {
  let adapter = accountAdapter(memoryAdapter())
  sessionAdapterConformance({
    open: () => adapter,
    destroy: () => {
      adapter = accountAdapter(memoryAdapter())
    },
  })
})
