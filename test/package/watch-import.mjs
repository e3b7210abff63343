// A process of its own: imports one entry and prints which globals that reads, as JSON.

// First, as what they do themselves is not asked.
await import('zod/mini')
await import('zustand/vanilla')
await import('react/jsx-runtime')
await import('dexie')
await import('vitest')

const [entry = ''] = process.argv.slice(2)
const browser = ['window', 'self', 'document', 'navigator', 'location', 'history', 'addEventListener']
const stored = ['localStorage', 'sessionStorage', 'indexedDB', 'BroadcastChannel', 'fetch', 'WebSocket']
const time = ['Date', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']
/** @type {string[]} */
const read = []

for (const name of [...browser, ...stored, ...time, 'crypto', 'console', 'process']) {
  const value = Reflect.get(globalThis, name)
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get() {
      read.push(name)
      return value
    },
  })
}
await import(entry)
const found = JSON.stringify([...new Set(read)])
process.stdout.write(found)
