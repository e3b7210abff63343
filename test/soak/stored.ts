import { mayBeMissing } from './excuses.js'
import { type Said, timesCounted } from './model.js'
import { count, type Place, users, violate, type World } from './world.js'

/** Reads what is stored now: what was seen there must stay. */
export async function readStored(world: World): Promise<void> {
  for (const device of world.storage.isShared ? world.devices.slice(0, 1) : world.devices) {
    for (const user of users) {
      const rows = await world.storage.rows(device, user)
      for (const { conversationId, workspace } of rows) world.storedIds.set(`${user} ${conversationId}`, workspace)
      for (const said of world.model.said) {
        if (said.stay.user !== user || said.safe === 'stored') continue
        if (rows.some(({ usage }) => timesCounted(usage, said.number) > 0)) markStored(world, said)
      }
    }
  }
}

/** After signing out of a device its conversations are not there, until they are seen again. */
export function forgetStored(world: World, user: string): void {
  if (world.storage.isShared) return
  for (const id of [...world.storedIds.keys()]) if (id.startsWith(`${user} `)) world.storedIds.delete(id)
}

function markStored(world: World, said: Said): void {
  if (said.safe !== 'stored') said.storedAt = world.tick()
  said.safe = 'stored'
}

/** A minute after all failures ended, all that open pages were told is stored, without a flush or the end of a page. */
export async function checkSavedByItself(world: World): Promise<void> {
  for (const device of world.devices) {
    for (const user of users) {
      const rows = await world.storage.rows(device, user)
      for (const said of world.model.said) {
        const { stay, number } = said
        if (stay.user !== user || stay.device !== device.index || stay.end !== 'open') continue
        if (mayBeMissing(world.model, said) !== undefined) continue
        count(world, 'invariant: saved by itself')
        if (rows.some(({ usage }) => timesCounted(usage, number) > 0)) continue
        const facts = [...said.facts, ...stay.facts]
        violate(world, 'kept', `message ${number} of ${user} is not saved a minute after all failures ended`, facts)
      }
    }
  }
}

/** After `flush()` resolved: all that was said before it is there, as of now. */
export async function checkFlushed(
  world: World,
  place: Place,
  said: readonly Said[],
  facts: ReadonlySet<string>,
): Promise<void> {
  const due = said.filter((one) => mayBeMissing(world.model, one) === undefined)
  for (const one of said) markStored(world, one)
  const user = said[0]?.stay.user
  if (user === undefined) return
  const rows = await world.storage.rows(place.page.device, user)
  for (const one of due) {
    count(world, 'invariant: flushed is stored')
    if (rows.some(({ usage }) => timesCounted(usage, one.number) > 0)) continue
    violate(world, 'flushed is stored', `flush() resolved, and storage does not have message ${one.number}`, [
      ...one.facts,
      ...facts,
    ])
  }
}
