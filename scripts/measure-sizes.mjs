// Writes docs/size.md: what each import of the browser entries downloads, and what each promise costs, measured by bundling without it.
// `npm run sizes`. A bundle leaves out React, Dexie and supabase-js alone.

import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const storeAndLocalStorage = "import { createSessionStore, localStorageAdapter } from 'leftoff'"

/** @type {readonly { readonly line: string, readonly goal?: number }[]} */
const imports = [
  { line: storeAndLocalStorage, goal: 15 },
  { line: "import { createSessionStore } from 'leftoff'", goal: 13 },
  { line: "import { localStorageAdapter } from 'leftoff'" },
  { line: "import { createSessionStore, drafts, localStorageAdapter } from 'leftoff'" },
  { line: "import { createSessionStore, drafts, guests, localStorageAdapter } from 'leftoff'" },
  { line: "import * as leftoff from 'leftoff'" },
  {
    line: "import { SessionProvider, useConversationSession, useSessions, useSessionActions, useSessionStatus } from 'leftoff/react'",
    goal: 18,
  },
  { line: "import * as react from 'leftoff/react'" },
]

/** What an entry adds to a page that has `on` already. @type {readonly { readonly line: string, readonly on: string, readonly goal: number }[]} */
const additions = [
  { line: "import { dexieAdapter } from 'leftoff/dexie'", on: "import { createSessionStore } from 'leftoff'", goal: 3 },
  {
    line: "import { supabaseAdapter } from 'leftoff/supabase'",
    on: "import { createSessionStore } from 'leftoff'",
    goal: 3,
  },
  { line: "import { importLegacy } from 'leftoff/legacy'", on: storeAndLocalStorage, goal: 1.5 },
]

/** What goes with a promise: files, or exports of a file. The rest of the bundle keeps calling them, as functions that do nothing. */
const promises = [
  { name: 'What a page could not save is saved by the next one (journal)', files: ['store/journal.ts'] },
  {
    name: 'A tab is a conversation: claims, watching and taking over',
    files: ['store/tab-claims.ts', 'store/other-tabs.ts', 'store/watching.ts'],
  },
  {
    name: 'The same conversation after a reload: pointers, stamps, choosing',
    files: ['store/device-keys.ts', 'store/choose-conversation.ts'],
  },
  { name: 'Removing, undo, clearing, and a sign-out that leaves nothing', files: ['store/removing.ts'] },
  { name: 'The snapshot that older code reads', files: ['store/snapshot.ts'] },
  { name: 'Every call of an adapter is bounded; persistContent', files: ['store/bounded-adapter.ts'] },
  { name: 'Nothing saved is lost: sent until storage answers', files: ['store/queue.ts', 'store/saving.ts'] },
  { name: 'What is recorded shows at once, and counts once until it is stored', files: ['store/entry.ts'] },
  { name: 'The history follows other tabs and devices, and keeps to its bound', files: ['store/reading.ts'] },
  { name: 'localStorage: tabs never overwrite each other (parts)', files: ['adapters/local-storage/save-parts.ts'] },
  {
    name: 'localStorage: reading, and long lists without reading every value',
    files: ['adapters/local-storage/stored-parts.ts'],
  },
  { name: 'Nothing is counted twice (applyChange)', files: ['core/apply-change.ts'] },
  { name: 'What comes from outside is checked', files: ['core/checks.ts'] },
  { name: 'Errors that say what a storage did', files: ['core/storage-error.ts'] },
]

const whole = await sizeOf(storeAndLocalStorage)
const rows = []
for (const { line, goal } of imports) rows.push([`\`${line}\``, kb(await sizeOf(line)), goal ? `${goal} kB` : ''])
const added = []
for (const { line, on, goal } of additions) {
  const more = (await sizeOf(`${on}\n${line}`)) - (await sizeOf(on))
  added.push([`\`${line}\``, kb(more), `${goal} kB`])
}
const costs = []
for (const { name, files } of promises) {
  costs.push({ name, cost: whole - (await sizeOf(storeAndLocalStorage, files)) })
}
costs.sort((a, b) => b.cost - a.cost)

writeFileSync(
  resolve(root, 'docs/size.md'),
  `# Size

\`npm run sizes\` writes this file: minified, gzipped, everything in but React, Dexie and supabase-js.

| import | size | goal |
| --- | --- | --- |
${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}

What an entry adds to a page that has the store:

| import | adds | goal |
| --- | --- | --- |
${added.map((row) => `| ${row.join(' | ')} |`).join('\n')}

## What each promise costs

Of the ${kb(whole)} of the store with localStorage, by bundling it without the files of the promise. The calls to them are still \
there, so this is the least that each one costs.

| promise | costs |
| --- | --- |
${costs.map(({ name, cost }) => `| ${name} | ${kb(cost)} |`).join('\n')}

## Goals that are missed, and what was tried

What made it smaller, by gzipped bytes of the store with localStorage:

- One way each to combine totals, to check sessions, to read a row, to move a place, to reach a storage, and one channel for claims and
  sign-outs instead of two: 0.4 kB. Repeated code is what gzip packs best.
- localStorage bound to its storage once, a part as a pure model, one index instead of an index beside a reader: 0.6 kB.
- One way to choose a conversation, whether the app asked for it, the tab had it, or storage does not answer: 0.3 kB.
- Claims without answers and objections of their own: a page that gives a conversation back says so already, one that had it before says
  again that it has it, and one that wakes from a freeze asks again as one that comes back from the back/forward cache does: 0.4 kB.
- What imports an older app's blob comes with \`importLegacy()\`, and what unwraps Dexie's errors with \`dexieAdapter()\`: 0.3 kB.
- A round of saving that takes in its own answer, one loop that pages through a history, one pause and one bound on waiting: 0.1 kB.
- Checkers that a bundler can drop (\`@__NO_SIDE_EFFECTS__\`): 0.15 kB of the store alone.

What was tried and left:

- Short names for the fields that the store keeps for itself (\`mangleProps\`): 0.6 kB. A debugger would show letters.
- Errors without sentences: 0.4 kB. The sentence says what to do.
- One reader of stored rows for localStorage and Dexie: 0.08 kB more.
- A helper for each of the two storages and one for the user's keys: 0.45 kB less minified, the same once it is gzipped, and eleven calls
  more on the way to a claim.

The rest is what the promises above need, and the calls to them: 15 kB would mean to leave out what they cost. Less is possible by passing in
what not every app uses, as \`drafts()\`, \`guests()\` and \`importLegacy()\` are; what is left of that kind is the snapshot and undo.
`,
)

/** The gzipped bytes of a script with these imports, without the files named. @param {string} lines @param {readonly string[]} without */
async function sizeOf(lines, without = []) {
  const names = [...lines.matchAll(/import (?:\{([^}]*)\}|\* as (\w+))/g)].flatMap(
    ([, braced, star]) => braced?.split(',') ?? star ?? [],
  )
  const { outputFiles } = await build({
    stdin: { contents: `${lines}\nexport { ${names.join()} }`, resolveDir: root, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    logLevel: 'error',
    external: ['react', 'react/*', 'dexie', '@supabase/supabase-js'],
    plugins: [{ name: 'from-src', setup: (builder) => fromSource(builder, without) }],
  })
  return gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length
}

/** @param {import('esbuild').PluginBuild} builder @param {readonly string[]} without */
function fromSource(builder, without) {
  const entries = {
    leftoff: '',
    'leftoff/react': 'react/',
    'leftoff/dexie': 'adapters/dexie/',
    'leftoff/supabase': 'adapters/supabase/',
    'leftoff/legacy': 'legacy/',
  }
  for (const [name, folder] of Object.entries(entries)) {
    builder.onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path: resolve(root, `src/${folder}index.ts`) }))
  }
  const gone = new Set(without)
  builder.onResolve({ filter: /^\.{1,2}\// }, ({ path, importer }) => {
    const file = resolve(dirname(importer), path.replace(/\.js$/, '.ts'))
    const name = relative(resolve(root, 'src'), file)
    return gone.has(name) ? { path: name, namespace: 'gone' } : undefined
  })
  builder.onLoad({ filter: /.*/, namespace: 'gone' }, ({ path }) => {
    const source = readFileSync(resolve(root, 'src', path), 'utf8')
    const names = [...source.matchAll(/^export (?:async )?(?:function|const|class) (\w+)/gm)].map(([, name]) => name)
    return {
      contents: `const none = () => {}\nexport { ${names.map((name) => `none as ${name}`).join()} }`,
      loader: 'js',
    }
  })
}

/** @param {number} bytes */
function kb(bytes) {
  return `${(bytes / 1_000).toFixed(2)} kB`
}
