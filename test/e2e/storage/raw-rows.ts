/** The stored bytes behind leftoff's back. */
export interface RawRows {
  /** Puts something in the place of the row that is none. It contains the words "damaged bytes". */
  damage(conversationId: string): Promise<void>
  /** Makes the row one that a later version wrote. It contains the words "from newer code". */
  makeNewer(conversationId: string): Promise<void>
  /** Everything stored that contains `text`, wherever it lies. */
  containing(text: string): Promise<readonly string[]>
  /** Takes all the room there is. */
  fill(): Promise<void>
}

interface Row {
  readonly schemaVersion: number
  readonly conversationId?: string
  readonly messages: unknown
}

export const rawLocalStorage: RawRows = {
  async damage(conversationId) {
    localStorage.setItem(rowKey(conversationId), '{"damaged bytes":')
  },
  async makeNewer(conversationId) {
    const key = rowKey(conversationId)
    localStorage.setItem(key, JSON.stringify(newer(JSON.parse(localStorage.getItem(key) ?? ''))))
  },
  async containing(text) {
    return Object.values({ ...localStorage }).filter((value) => value.includes(text))
  },
  async fill() {
    let filler = ''
    await untilFull(async (more) => {
      localStorage.setItem('filler', filler + more)
      filler += more
    })
  },
}

export const rawIndexedDb: RawRows = {
  // Not its indexed fields, which IndexedDB would not list it by.
  damage: (conversationId) => replaceRow(conversationId, (row) => ({ ...row, messages: 'damaged bytes' })),
  makeNewer: (conversationId) => replaceRow(conversationId, newer),
  containing: (text) =>
    inTransaction('readonly', async (stores) => {
      const values = await Promise.all(stores.map((store) => settled<unknown[]>(store.getAll())))
      return values
        .flat()
        .map((value) => JSON.stringify(value))
        .filter((value) => value.includes(text))
    }),
  fill: () =>
    untilFull((more) =>
      inTransaction('readwrite', async (stores) => {
        stores.find(({ name }) => name === 'quarantine')?.add({ filler: more })
      }),
    ),
}

/** Adds less and less, until not even a character fits. */
async function untilFull(add: (more: string) => Promise<void>): Promise<void> {
  for (let size = 2 ** 22; size >= 1; ) {
    try {
      // Random, as databases compress.
      await add(Array.from({ length: size }, () => String.fromCharCode(33 + Math.random() * 90)).join(''))
    } catch {
      size = Math.floor(size / 2)
    }
  }
}

function newer(row: Row) {
  return { ...row, schemaVersion: row.schemaVersion + 1, note: 'from newer code' }
}

function rowKey(conversationId: string): string {
  const key = Object.keys(localStorage).find((key) => key.includes('/part/') && key.includes(conversationId))
  if (key === undefined) throw new Error(`There is no row of ${conversationId}.`)
  return key
}

function replaceRow(conversationId: string, change: (row: Row) => unknown): Promise<void> {
  return inTransaction('readwrite', async (stores) => {
    const rows = stores.find(({ name }) => name === 'sessions')
    const found = await settled<Row[]>(rows?.getAll())
    const row = found.find((row) => row.conversationId === conversationId)
    if (!row) throw new Error(`There is no row of ${conversationId}.`)
    rows?.put(change(row))
  })
}

async function inTransaction<T>(
  mode: IDBTransactionMode,
  run: (stores: readonly IDBObjectStore[]) => Promise<T>,
): Promise<T> {
  const database = await settled<IDBDatabase>(indexedDB.open('claude-session-storage'))
  const transaction = database.transaction([...database.objectStoreNames], mode)
  const completed = new Promise((resolve, reject) => {
    transaction.addEventListener('complete', resolve)
    // Where IndexedDB tells that there is no room.
    transaction.addEventListener('abort', () => reject(transaction.error))
  })
  try {
    const [result] = await Promise.all([
      run([...transaction.objectStoreNames].map((name) => transaction.objectStore(name))),
      completed,
    ])
    return result
  } finally {
    database.close()
  }
}

/** The caller knows what its own request gives: IndexedDB's types do not. */
function settled<T>(request: IDBRequest | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    request?.addEventListener('success', () => resolve(request.result))
    request?.addEventListener('error', () => reject(request.error))
  })
}
