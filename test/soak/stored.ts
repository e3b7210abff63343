import { mayBeMissing } from './excuses.js'
import { type Said, timesCounted } from './model.js'
import type { Device } from './page.js'
import type { SoakRow } from './store-driver.js'
import { count, type Place, users, violate, type World } from './world.js'

/** Reads what is stored now: what was seen there must stay. */
export async function readStored(world: World): Promise<void> {
  for (const device of world.storage.isShared ? world.devices.slice(0, 1) : world.devices) {
    const rows = await readRows(world, device)
    for (const { userId, conversationId, workspace } of rows) {
      world.storedIds.set(`${userId} ${conversationId}`, workspace)
    }
    for (const said of world.model.said) {
      if (said.safe === 'stored') continue
      if (rows.some(({ usage }) => timesCounted(usage, said.number) > 0)) markStored(world, said)
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
    const rows = await readRows(world, device)
    for (const said of world.model.said) {
      const { stay, number } = said
      if (stay.device !== device.index || stay.end !== 'open') continue
      if (mayBeMissing(world.model, said) !== undefined) continue
      count(world, 'invariant: saved by itself')
      if (rows.some(({ usage }) => timesCounted(usage, number) > 0)) continue
      const facts = [...said.facts, ...stay.facts]
      violate(world, 'kept', `message ${number} of ${stay.user} is not saved a minute after all failures ended`, facts)
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
  if (said.length === 0) return
  const rows = await readRows(world, place.page.device)
  for (const one of due) {
    count(world, 'invariant: flushed is stored')
    if (rows.some(({ usage }) => timesCounted(usage, one.number) > 0)) continue
    violate(world, 'flushed is stored', `flush() resolved, and storage does not have message ${one.number}`, [
      ...one.facts,
      ...facts,
    ])
  }
}

/** All rows; the guest's first, because what is claimed is in the other's before it is gone from there. */
async function readRows(world: World, device: Device): Promise<readonly SoakRow[]> {
  const rows: SoakRow[] = []
  for (const user of users.toReversed()) rows.push(...(await world.storage.rows(device, user)))
  return rows
}
