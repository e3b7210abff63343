import { checkUser } from './check-views.js'
import { hasTwoSignIns, mayBeMissing, mustBeGone } from './excuses.js'
import { claimsOf, guest, mayBeInBoth, mayHaveClaimed } from './guest.js'
import { possibleTitles, type Renaming, removedForGood, type Said, textOf, timesCounted } from './model.js'
import type { SoakRow } from './store-driver.js'
import { count, users, violate, type World } from './world.js'

/** What holds at the end, of what is stored. */
export async function checkStorage(world: World): Promise<void> {
  const devices = world.storage.isShared ? world.devices.slice(0, 1) : world.devices
  for (const device of devices) {
    const rows: SoakRow[] = []
    for (const user of users) {
      const own = await world.storage.rows(device, user)
      checkUser(world, user, own)
      rows.push(...own)
    }
    for (const said of world.model.said) {
      if (world.storage.isShared || said.stay.device === device.index) checkSaid(world, rows, said)
    }
    for (const row of rows) checkRow(world, row)
    checkRemovals(world, rows)
  }
  checkTraces(world)
}

function checkSaid(world: World, rows: readonly SoakRow[], said: Said): void {
  const { number, stay, conversationId } = said
  const counting = rows.filter(({ usage }) => timesCounted(usage, number) > 0)
  const times = counting.reduce((sum, { usage }) => sum + timesCounted(usage, number), 0)
  const facts = [...said.facts, ...stay.facts]
  count(world, 'invariant: counted once')
  if (times > 1 && !isForgottenByRow(world, said) && !mayBeInBoth(world.model, said)) {
    violate(world, 'counted once', `message ${number} is counted ${times} times`, facts)
  }
  const [row] = counting
  if (!row) {
    const excuse = mayBeMissing(world.model, said)
    count(world, excuse === undefined ? 'invariant: kept' : `excused: ${excuse}`)
    if (excuse === undefined) {
      violate(world, 'kept', `message ${number} of ${stay.user} (${said.safe}) is in no row`, facts)
    }
    return
  }
  count(world, 'invariant: kept')
  if (mustBeGone(world.model, said)) {
    violate(
      world,
      'signed out is gone',
      `message ${number} was said before ${stay.user} signed out, and is stored`,
      facts,
    )
  }
  count(world, 'invariant: in its conversation')
  const isTheirs = row.userId === stay.user || mayHaveClaimed(world.model, stay, row.userId)
  const isInPlace = isTheirs && (conversationId === undefined || row.conversationId === conversationId)
  if (!isInPlace) {
    const place = `${row.userId}'s ${row.conversationId}`
    violate(world, 'in its conversation', `message ${number} of ${stay.user}'s ${conversationId} is in ${place}`, facts)
  }
}

/** Rows remember the last scopes that arrived, at least as many as this. */
const fewestScopes = 16

/** Whether so much arrived in the conversation that it may not know a repeat of the message any more. */
function isForgottenByRow({ model }: World, { conversationId }: Said): boolean {
  const scopes = new Set(
    model.said.filter((one) => one.conversationId === conversationId).map((one) => (one.hasId ? one.number : one.stay)),
  )
  return scopes.size > fewestScopes
}

function checkRow(world: World, row: SoakRow): void {
  const { model } = world
  const counted = model.said.filter(({ number }) => timesCounted(row.usage, number) > 0)
  const numbers = [...new Set(counted.map(({ number }) => number))]
  const times = numbers.reduce((sum, number) => sum + timesCounted(row.usage, number), 0)
  count(world, 'invariant: row adds up')
  if (row.messageCount !== times) {
    violate(
      world,
      'row adds up',
      `${row.conversationId} counts ${row.messageCount} messages and the tokens of ${times}`,
    )
  }
  const isPreviewKnown =
    row.preview === undefined || counted.some((said) => textOf(said.stay.user, said.number) === row.preview)
  if (!isPreviewKnown)
    violate(world, 'row adds up', `${row.conversationId} shows “${row.preview}”, which it does not count`)
  checkTitle(world, row)
}

function checkTitle(world: World, row: SoakRow): void {
  const { model } = world
  // The order of titles is that of the devices' clocks.
  if (model.facts.has('clock jumped')) return
  const given = model.renamings.filter(
    ({ conversation, stay }) => conversation.id === row.conversationId && stay.user === row.userId,
  )
  const isDue = ({ stay, safeAt, isIntoVoid }: Renaming): boolean =>
    !isIntoVoid && (stay.sawTheEnd || (safeAt < Number.POSITIVE_INFINITY && stay.end !== 'signed-out'))
  const isSignedOut = given.some(({ stay }) =>
    model.signOuts.some((one) => one.user === stay.user && one.device === stay.device && stay.begunAt < one.settledAt),
  )
  const isCleared = given.some(({ stay, at }) =>
    model.wipes.some((wipe) => wipe.device === stay.device && wipe.at > at),
  )
  const isClaimed = given.some(({ stay }) => claimsOf(model, stay).length > 0) || row.title?.startsWith(`${guest} `)
  if (isSignedOut || isCleared || isClaimed || !given.some(isDue)) return
  count(world, 'invariant: title kept')
  const titles = possibleTitles(model, row.userId, row.conversationId)
  if (row.title !== undefined && titles.includes(row.title)) return
  const facts = given.flatMap(({ stay, facts: own }) => [...stay.facts, ...own])
  violate(world, 'title kept', `${row.conversationId} is named “${row.title}”, not ${titles.join(' or ')}`, facts)
}

function checkRemovals(world: World, rows: readonly SoakRow[]): void {
  // A tombstone is kept for 30 days.
  if (world.model.facts.has('clock jumped by months')) return
  for (const { user, id, removal } of removedForGood(world.model)) {
    // Signing out of a device forgets what was removed from it too, and an id may begin anew.
    const isForgotten = world.model.signOuts.some((one) => one.user === user && one.settledAt > removal.at)
    const isWiped = world.model.wipes.some(({ device, at }) => device === removal.stay.device && at > removal.at)
    if ((isForgotten || isWiped) && !world.storage.isShared) continue
    count(world, 'invariant: removed stays away')
    const isBack = rows.some(({ conversationId, userId }) => conversationId === id && userId === user)
    if (isBack) violate(world, 'removed stays away', `${user} removed ${id}, and it is stored`, removal.stay.facts)
  }
}

/** Nothing that a user wrote before signing out of a device is anywhere on it. */
function checkTraces(world: World): void {
  for (const device of world.devices) {
    const { localStorage } = device.browser
    const texts = Array.from({ length: localStorage.length }, (_, at) =>
      localStorage.getItem(localStorage.key(at) ?? ''),
    )
    // The last time that each was recorded.
    const last = world.model.said.filter(
      ({ number, at }) => !world.model.said.some((again) => again.number === number && again.at > at),
    )
    const written = last.map(({ at, stay, number }) => ({ at, stay, text: textOf(stay.user, number) }))
    for (const { text, at, stay } of [...written, ...world.model.drafts]) {
      const isGone = world.model.signOuts.some(
        (one) =>
          one.isDone &&
          one.user === stay.user &&
          one.device === device.index &&
          stay.device === device.index &&
          at < one.at &&
          stay.begunAt < one.at,
      )
      if (!isGone || claimsOf(world.model, stay).length > 0 || hasTwoSignIns(world.model, stay)) continue
      count(world, 'invariant: signed out is gone')
      if (!texts.some((stored) => stored?.includes(text))) continue
      violate(world, 'signed out is gone', `“${text}” is in localStorage after signing out`, stay.facts)
    }
  }
}
