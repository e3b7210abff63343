import { barChart } from '../bar-chart.mjs'
import { median } from '../median.mjs'
import { perTab, tabs } from './lost-updates.mjs'
import { claimFloors, counts, floors } from './ready.mjs'
import { updates } from './stream.mjs'

/**
 * What one part of the bench found, as a reader wants it.
 *
 * @typedef {object} Section
 * @property {string} id The name of its chart.
 * @property {string} title
 * @property {string} about
 * @property {readonly string[]} found What came out, a sentence each.
 * @property {readonly (readonly string[])[]} table The first row is the head.
 * @property {string} chart SVG.
 */

/**
 * @param {readonly import('./lost-updates.mjs').LostUpdates[]} results
 * @returns {Section}
 */
export function lostUpdatesSection(results) {
  const all = tabs * perTab
  const title = `Saved by ${tabs} tabs at once: how many of ${all} conversations survive`
  const about =
    `${tabs} tabs begin ${perTab} conversations each at the same moment, in one go or 25 ms apart. Then the browser is closed in ` +
    'an orderly way and opened again.'
  const gaps = [
    { gapMs: 0, label: 'in one go' },
    { gapMs: 25, label: '25 ms apart' },
  ]
  /** @param {readonly number[]} surviving */
  const range = (surviving) =>
    Math.min(...surviving) === Math.max(...surviving)
      ? `${surviving[0]}`
      : `${median(surviving)} (${Math.min(...surviving)} to ${Math.max(...surviving)})`
  const groups = gaps.map(({ gapMs, label }) => ({
    label,
    bars: results
      .filter((result) => result.gapMs === gapMs)
      .map(({ library, surviving }) => ({ library, value: median(surviving), text: range(surviving) })),
  }))
  const others = results.filter(({ library }) => !library.isOurs).map(({ surviving }) => median(surviving))
  return {
    id: 'lost-updates',
    title,
    about,
    found: [
      ...ours(groups).map(([label, values]) => `${label}: ${values.join(', ')} of ${all}.`),
      ...(others.length > 0 ? [`The others: ${Math.min(...others)} to ${Math.max(...others)} of ${all}.`] : []),
    ],
    table: byLibrary(groups),
    chart: barChart({ title, note: 'More is better.', groups, max: all }),
  }
}

/**
 * @param {readonly import('./stream.mjs').Stream[]} results
 * @returns {Section}
 */
export function streamSection(results) {
  const title = `Characters written by ${thousands(updates)} activity updates of one conversation`
  const about =
    `An answer streams in: ${thousands(updates)} updates of one session's last activity over 15 seconds, with nothing else stored or ` +
    'with 1,000 sessions stored. Counted are all calls of `setItem`, `put` and `add` in the page, and the characters of their keys and ' +
    'values, what is written on leaving included.'
  const groups = [1, 1_000].map((stored) => ({
    label: `${thousands(stored)} stored`,
    bars: results
      .filter((result) => result.stored === stored)
      .map(({ library, writes, characters, lastLands }) => ({
        library,
        value: characters,
        text: `${short(characters)} in ${thousands(writes)} writes${lastLands ? '' : ', the last one lost'}`,
      })),
  }))
  const others = results
    .filter(({ library, stored }) => !library.isOurs && stored === 1_000)
    .map(({ characters }) => characters)
  return {
    id: 'stream',
    title,
    about,
    found: [
      ...ours(groups).map(([label, values]) => `${label}: characters ${values.join(', ')}.`),
      ...(others.length > 0 ? [`The fewest of the others with 1,000 stored: ${short(Math.min(...others))}.`] : []),
    ],
    table: byLibrary(groups),
    chart: barChart({
      title,
      note: 'Less is better. Each grid line is ten times the one before.',
      groups,
      isLogarithmic: true,
    }),
  }
}

/**
 * @param {readonly import('./ready.mjs').ReadyResult[]} opened
 * @returns {Section}
 */
export function readySection(opened) {
  const results = opened.filter(({ library }) => !claimFloors.some(({ id }) => id === library.id))
  const title = 'Milliseconds until the newest ten conversations of a workspace are shown'
  const about =
    'A fresh tab opens one workspace of many, ten conversations each: from creating the store until the browser says that it painted the texts ' +
    'of ten rows, the median tab. Before the paint: until the library has handed the rows over. The whole page: the same, from the start of the ' +
    'navigation, over loopback. A later tab is one that follows another of the same site, the first tab one whose storage the browser, just ' +
    'started, has not read yet. Each script asks to be compiled as a whole beside the page (`//# allFunctionsCalledOnLoad`). ' +
    'Bare: the first `getItem` and a scan of all keys; opening the database and reading ten rows, by the browser alone and by Dexie.'
  const [fewest = 0] = counts
  const most = counts.at(-1) ?? fewest
  const groups = [
    ...counts.map((stored) => ({
      label: `${thousands(stored)} stored, a later tab`,
      bars: barsOf(results, stored, ({ warm }) => warm.paintedMs),
    })),
    ...[fewest, most].map((stored) => ({
      label: `${thousands(stored)} stored, the first tab`,
      bars: barsOf(results, stored, ({ cold }) => cold.paintedMs),
    })),
  ]
  const handedOver = [fewest, most].map((stored) => ({
    label: `${thousands(stored)} stored, a later tab, before the paint`,
    bars: barsOf(results, stored, ({ warm }) => warm.readyMs),
  }))
  const wholePage = {
    label: `${thousands(most)} stored, a later tab, the whole page`,
    bars: barsOf(results, most, ({ warm }) => warm.pageMs),
  }
  return {
    id: 'ready',
    title,
    about,
    found: comparisons(results),
    table: byLibrary([...groups, ...handedOver, wholePage]),
    chart: barChart({ title, note: 'Less is better.', groups }),
  }
}

/**
 * @param {readonly import('./ready.mjs').ReadyResult[]} opened
 * @returns {Section}
 */
export function knownSection(opened) {
  const title = 'Milliseconds until it is known which conversation a tab continues'
  const about =
    'The same tabs, and each of them after a reload. A fresh tab continues the newest conversation of its workspace: leftoff lists them, asks for ' +
    'a Web Lock on that one, so that no other tab has it, and reads its row again. A tab that was reloaded knows which it had, and asks at once. ' +
    'Beside it a page that only asks for a lock, and one that then reads a row of a database it opened meanwhile.'
  const [fewest = 0] = counts
  const results = opened.filter(({ library }) => library.isOurs || claimFloors.some(({ id }) => id === library.id))
  const groups = [
    ...counts.map((stored) => ({
      label: `${thousands(stored)} stored, a reload`,
      bars: barsOf(results, stored, ({ again }) => again.resumedMs),
    })),
    ...counts.map((stored) => ({
      label: `${thousands(stored)} stored, a fresh tab`,
      bars: barsOf(results, stored, ({ warm }) => warm.resumedMs),
    })),
  ]
  const found = results
    .filter(({ library, stored }) => library.isOurs && stored === fewest)
    .map(({ library, warm, again }) => {
      const floor = claimFloors.find(({ of }) => of === library.id)?.id
      const lock = results.find((result) => result.library.id === floor && result.stored === fewest)
      const label = `${library.label}, ${thousands(fewest)} stored`
      return lock
        ? `${label}: ${ratio(again.resumedMs, lock.again.resumedMs)} of ${lock.library.label} after a reload, ${ratio(warm.resumedMs, lock.warm.resumedMs)} in a fresh tab.`
        : `${label}: known after ${again.resumedMs.toFixed(1)} ms after a reload, ${warm.resumedMs.toFixed(1)} ms in a fresh tab.`
    })
  return {
    id: 'known',
    title,
    about,
    found,
    table: byLibrary(groups),
    chart: barChart({ title, note: 'Less is better.', groups }),
  }
}

/**
 * A bar per library, of the results with as many stored.
 *
 * @param {readonly import('./ready.mjs').ReadyResult[]} results
 * @param {number} stored
 * @param {(result: import('./ready.mjs').ReadyResult) => number} msOf
 */
function barsOf(results, stored, msOf) {
  return results
    .filter((result) => result.stored === stored)
    .map((result) => {
      const ms = msOf(result)
      return { library: result.library, value: ms, text: ms.toFixed(1) }
    })
}

/**
 * A sentence on each of ours.
 *
 * @param {readonly import('./ready.mjs').ReadyResult[]} results
 */
function comparisons(results) {
  const [fewest = 0] = counts
  const most = counts.at(-1) ?? fewest
  /** @param {string} id @param {number} stored */
  const find = (id, stored) => results.find((result) => result.library.id === id && result.stored === stored)
  return results
    .filter(({ library, stored }) => library.isOurs && stored === most)
    .map(({ library, warm }) => {
      const few = find(library.id, fewest)
      const jotai = find('jotai', fewest)
      const zustand = find('zustand-local-storage', most)
      const compared = [
        ...(few && jotai ? [`with ${fewest} stored ${compare(few.warm, jotai)}`] : []),
        ...floors.flatMap(({ id, of }) => {
          const bare = of === library.id ? find(id, most) : undefined
          return bare ? [`with ${thousands(most)} ${compare(warm, bare)}`] : []
        }),
        ...(zustand ? [`with ${thousands(most)} ${compare(warm, zustand)}`] : []),
      ]
      return `${library.label}, a later tab: ${compared.join('; ')}. With ${thousands(most)} stored the page is free again after ${warm.freeMs.toFixed(1)} ms.`
    })
}

/**
 * @param {import('./ready.mjs').Opening} ours
 * @param {import('./ready.mjs').ReadyResult} other
 */
function compare(ours, { library, warm }) {
  return `${ratio(ours.paintedMs, warm.paintedMs)} of ${library.label} (${(ours.readyMs / warm.readyMs).toFixed(2)} before the paint)`
}

/**
 * Each of ours, and what it has in each group.
 *
 * @param {readonly { readonly label: string, readonly bars: readonly import('../bar-chart.mjs').Bar[] }[]} groups
 * @returns {(readonly [label: string, values: readonly string[]])[]}
 */
function ours(groups) {
  const libraries = (groups[0]?.bars ?? []).map(({ library }) => library).filter(({ isOurs }) => isOurs)
  return libraries.map(({ label }) => [
    label,
    groups.map((group) => `${group.bars.find(({ library }) => library.label === label)?.text ?? ''} ${group.label}`),
  ])
}

/**
 * A row per library, a column per group.
 *
 * @param {readonly { readonly label: string, readonly bars: readonly import('../bar-chart.mjs').Bar[] }[]} groups
 */
function byLibrary(groups) {
  const libraries = groups[0]?.bars.map(({ library }) => library.label) ?? []
  return [
    ['', ...groups.map(({ label }) => label)],
    ...libraries.map((label, index) => [label, ...groups.map(({ bars }) => bars[index]?.text ?? '')]),
  ]
}

/**
 * @param {number} value
 * @param {number} of
 */
function ratio(value, of) {
  return `${(value / of).toFixed(2)} times the time`
}

/** @param {number} value */
function thousands(value) {
  return value.toLocaleString('en-US')
}

/** @param {number} value */
function short(value) {
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} M`
  return value >= 1e4 ? `${(value / 1e3).toFixed(0)} k` : thousands(value)
}
