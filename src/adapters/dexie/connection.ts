import { isObject } from '../../core/checks.js'
import type { Clock } from '../../core/clock.js'
import { LeftoffError } from '../../core/error.js'
import { nameOf, storageError } from '../../core/storage-error.js'
import { type Database, database } from './database.js'

/** How long a call waits for the database to open. An opening that takes longer is given up, and the next call opens again. */
export const openTimeoutMs = 5_000

/** Where IndexedDB comes from. */
export interface IndexedDbSource {
  readonly indexedDB?: IDBFactory
  readonly IDBKeyRange?: typeof globalThis.IDBKeyRange
}

/** One connection to the database `name`, opened at the first use and again when it was lost. */
export function connection(name: string, source: IndexedDbSource, clock: Clock) {
  let current: Promise<Database> | undefined
  let isClosed = false
  const running = new Set<Promise<unknown>>()

  function open(): Promise<Database> {
    const opening = openDatabase(name, source, () => forget(opening))
    // A failed one is not kept, so that the next call tries again.
    opening.catch(() => forget(opening))
    return opening
  }

  function forget(opening: Promise<Database>): void {
    if (current === opening) current = undefined
  }

  /** Closes it if it opens after all, so that it is in no other tab's way. */
  function giveUp(opening: Promise<Database>): void {
    forget(opening)
    opening.then(close, () => {})
  }

  function withinBound(opening: Promise<Database>): Promise<Database> {
    return new Promise((resolve, reject) => {
      const cancel = clock.setTimeout(() => {
        giveUp(opening)
        const message = `The database ${name} did not open: another tab may hold an older version of it. Close the other tabs.`
        reject(new LeftoffError('storage-unavailable', message))
      }, openTimeoutMs)
      opening.then(resolve, reject).finally(cancel)
    })
  }

  async function attempt<T>(run: (database: Database) => PromiseLike<T>): Promise<T> {
    for (let mayRetry = true; ; mayRetry = false) {
      current ??= open()
      const opening = current
      try {
        return await run(await withinBound(opening))
      } catch (error) {
        if (!mayRetry || !isLostConnection(error)) throw indexedDbError(error)
        giveUp(opening)
      }
    }
  }

  return {
    /**
     * Runs `run` on the open database. If the connection turns out to be lost, it is opened anew and `run` runs again, once.
     */
    use<T>(run: (database: Database) => PromiseLike<T>): Promise<T> {
      if (isClosed) return Promise.reject(new LeftoffError('disposed', 'This adapter was closed.'))
      const call = attempt(run)
      running.add(call)
      const done = (): void => void running.delete(call)
      call.then(done, done)
      return call
    },

    /** Takes no more calls, lets those that run end, and closes. */
    async close(): Promise<void> {
      isClosed = true
      await Promise.allSettled(running)
      const opening = current
      current = undefined
      // Not waited for: it may still be blocked.
      opening?.then(close, () => {})
    },
  }
}

async function openDatabase(name: string, source: IndexedDbSource, onClose: () => void): Promise<Database> {
  const { indexedDB = globalThis.indexedDB, IDBKeyRange = globalThis.IDBKeyRange } = source
  if (!indexedDB) throw new LeftoffError('storage-unavailable', 'There is no IndexedDB: this is not a browser.')
  const opened = database(name, { indexedDB: opensOnce(indexedDB), IDBKeyRange })
  const { dexie } = opened
  dexie.on('close', onClose)
  // At once, so that another tab can upgrade. `false` keeps Dexie from saying so on the console.
  dexie.on('versionchange', () => {
    dexie.close()
    return false
  })
  dexie.on('blocked', () => false)
  await dexie.open()
  return opened
}

/**
 * IndexedDB that opens one database once, at the version asked for. Left to itself, Dexie opens again: a newer database with
 * this older code, one whose schema is not ours to add to it, and a lost one behind our back.
 */
function opensOnce(indexedDB: IDBFactory): IDBFactory {
  let request: IDBOpenDBRequest | undefined
  return {
    open(name, version) {
      if (request)
        throw request.error ? openError(request.error) : new DOMException('Opened before', 'InvalidStateError')
      request = indexedDB.open(name, version)
      return request
    },
    deleteDatabase: (name) => indexedDB.deleteDatabase(name),
    databases: () => indexedDB.databases(),
    cmp: (first, second) => indexedDB.cmp(first, second),
  }
}

function openError(cause: DOMException): LeftoffError {
  if (cause.name !== 'VersionError') return indexedDbError(cause)
  return new LeftoffError(
    'newer-version',
    'A newer version of leftoff wrote this database. It was left alone; reload the page to get the newer code.',
    { cause },
  )
}

/** The typed error for what Dexie threw. */
export function indexedDbError(error: unknown): LeftoffError {
  return storageError('IndexedDB', error, nameInside(error))
}

/** What the browser called it: Dexie wraps an error of IndexedDB in one of its own, or those of each write of a bulk that failed. */
function nameInside(error: unknown): string {
  if (!isObject(error)) return ''
  const inner = nameInside(error.inner)
  const failures = Array.isArray(error.failures) ? error.failures.map(nameInside) : []
  const full = [nameOf(error), inner, ...failures].find((name) => /quota/i.test(name))
  return full ?? (inner || nameOf(error))
}

function close({ dexie }: Database): void {
  dexie.close()
}

/** Whether the connection is gone. Every call may be repeated, so a wrong guess does no harm. */
function isLostConnection(error: unknown): boolean {
  if (!isObject(error)) return false
  // A transaction that was aborted for no reason given: the browser closed the connection under it.
  if (error.name === 'AbortError') return !error.inner || isLostConnection(error.inner)
  if (Array.isArray(error.failures)) return error.failures.some(isLostConnection)
  // The last is Safari's "Connection to Indexed Database server lost".
  return ['InvalidStateError', 'DatabaseClosedError', 'UnknownError'].some((name) => error.name === name)
}
