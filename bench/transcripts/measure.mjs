import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { claudeEnv, listTranscripts, readTranscript, summarizeTranscript } from 'leftoff/agents/claude'
import { median } from '../median.mjs'
import { dir, workspace, writeTranscripts } from './write-transcripts.mjs'

/**
 * @typedef {object} Timed
 * @property {string} label
 * @property {string} gives What one knows then.
 * @property {boolean} isOurs
 * @property {number} ms The median round.
 * @property {readonly number[]} rounds
 */

/**
 * @typedef {object} MeasuredList
 * @property {number} transcripts
 * @property {number} megabytes
 * @property {readonly Timed[]} all
 * @property {readonly Timed[]} newest
 */

/**
 * @typedef {object} MeasuredOne
 * @property {number} messages
 * @property {number} megabytes
 * @property {readonly Timed[]} summary
 * @property {readonly Timed[]} read
 */

/** @typedef {Omit<Timed, 'ms' | 'rounds'> & { readonly run: () => Promise<number> }} Task It returns how many it found. */

/**
 * @param {import('./sdk.mjs').Sdk} sdk
 * @param {string} root
 * @param {{ readonly transcripts: number, readonly rounds: number }} counts
 * @returns {Promise<MeasuredList>}
 */
export async function measureList(sdk, root, { transcripts, rounds }) {
  console.log(`Writing ${transcripts} transcripts …`)
  await writeTranscripts(root, { transcripts, messages: 20 })
  process.env.CLAUDE_CONFIG_DIR = claudeEnv({ root, workspace }).CLAUDE_CONFIG_DIR
  const counts = 'start, count, preview, tokens'
  const titles = 'title, first prompt, start'
  const all = await inTurn(rounds, transcripts, [
    {
      label: 'SDK listSessions',
      gives: titles,
      isOurs: false,
      run: async () => (await sdk.listSessions({ dir })).length,
    },
    {
      label: 'leftoff listTranscripts',
      gives: 'last activity, size',
      isOurs: true,
      run: async () => (await listTranscripts({ root, workspace, limit: transcripts })).length,
    },
    {
      label: 'leftoff, and each summarized',
      gives: counts,
      isOurs: true,
      run: () => summarizeNewest(root, transcripts),
    },
    { label: 'bare: read and parse all', gives: 'every entry', isOurs: false, run: () => parseAll(projectIn(root)) },
  ])
  const newest = await inTurn(rounds, 10, [
    {
      label: 'SDK listSessions',
      gives: titles,
      isOurs: false,
      run: async () => (await sdk.listSessions({ dir, limit: 10 })).length,
    },
    { label: 'leftoff, and each summarized', gives: counts, isOurs: true, run: () => summarizeNewest(root, 10) },
  ])
  return { transcripts, megabytes: await megabytesIn(projectIn(root)), all, newest }
}

/**
 * @param {import('./sdk.mjs').Sdk} sdk
 * @param {string} root
 * @param {{ readonly messages: number, readonly rounds: number }} counts
 * @returns {Promise<MeasuredOne>}
 */
export async function measureOne(sdk, root, { messages, rounds }) {
  console.log(`Writing one transcript of ${messages} messages …`)
  const [sessionId = ''] = await writeTranscripts(root, { transcripts: 1, messages })
  process.env.CLAUDE_CONFIG_DIR = claudeEnv({ root, workspace }).CLAUDE_CONFIG_DIR
  const of = { root, workspace, sessionId }
  /** @type {Task} */
  const sdkMessages = {
    label: 'SDK getSessionMessages',
    gives: 'count, and the messages in memory',
    isOurs: false,
    run: async () => (await sdk.getSessionMessages(sessionId, { dir })).length,
  }
  const summary = await inTurn(rounds, messages, [
    sdkMessages,
    {
      label: 'leftoff summarizeTranscript',
      gives: 'start, count, preview, tokens',
      isOurs: true,
      run: async () => (await summarizeTranscript(of))?.messageCount ?? 0,
    },
    {
      label: 'SDK getSessionInfo',
      gives: 'title, first prompt, start: no count',
      isOurs: false,
      run: async () => ((await sdk.getSessionInfo(sessionId, { dir })) ? messages : 0),
    },
  ])
  const read = await inTurn(rounds, messages, [
    sdkMessages,
    { label: 'leftoff readTranscript', gives: 'the messages, one by one', isOurs: true, run: () => countRead(of) },
  ])
  return { messages, megabytes: await megabytesIn(projectIn(root)), summary, read }
}

/**
 * Each task once a round, so that what else the machine does slows all of them; and each must find as many.
 *
 * @param {number} rounds
 * @param {number} expected
 * @param {readonly Task[]} tasks
 * @returns {Promise<readonly Timed[]>}
 */
async function inTurn(rounds, expected, tasks) {
  const times = tasks.map(() => /** @type {number[]} */ ([]))
  // The first round is for the compiler and the file cache.
  for (let round = -1; round < rounds; round += 1) {
    for (const [index, { label, run }] of tasks.entries()) {
      const start = performance.now()
      const found = await run()
      const took = performance.now() - start
      if (found !== expected) throw new Error(`${label} found ${found} instead of ${expected}.`)
      if (round >= 0) times[index]?.push(took)
    }
  }
  return tasks.map(({ label, gives, isOurs }, index) => {
    const taken = times[index] ?? []
    return { label, gives, isOurs, ms: median(taken), rounds: taken }
  })
}

/**
 * Ten at a time, as many as a page of a history shows.
 *
 * @param {string} root
 * @param {number} limit
 */
async function summarizeNewest(root, limit) {
  const listed = await listTranscripts({ root, workspace, limit })
  let found = 0
  for (let from = 0; from < listed.length; from += 10) {
    const page = listed.slice(from, from + 10)
    const summaries = await Promise.all(
      page.map(({ sessionId }) => summarizeTranscript({ root, workspace, sessionId })),
    )
    found += summaries.filter((summary) => summary?.messageCount === 20).length
  }
  return found
}

/** @param {{ root: string, workspace: string, sessionId: string }} of */
async function countRead(of) {
  let count = 0
  for await (const _ of (await readTranscript(of)) ?? []) count += 1
  return count
}

/** @param {string} project */
async function parseAll(project) {
  const names = await readdir(project)
  for (const name of names) {
    const content = await readFile(join(project, name), 'utf8')
    for (const line of content.split('\n')) if (line !== '') JSON.parse(line)
  }
  return names.length
}

/** @param {string} root */
function projectIn(root) {
  return join(claudeEnv({ root, workspace }).CLAUDE_CONFIG_DIR, 'projects', '-srv-demo')
}

/** @param {string} project */
async function megabytesIn(project) {
  let bytes = 0
  for (const name of await readdir(project)) bytes += (await stat(join(project, name))).size
  return bytes / 1e6
}
