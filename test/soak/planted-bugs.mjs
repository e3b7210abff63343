// Bugs for `node scripts/soak-plant.mjs`: each a change somebody could make. What is replaced stands in the file once.

/** @typedef {{ readonly what: string, readonly file: string, readonly find: string, readonly replace: string }} PlantedBug */

/** @type {readonly PlantedBug[]} */
export const plantedBugs = [
  {
    what: 'the tokens of two messages that are said in a row are not added',
    file: 'src/store/entry.ts',
    find: 'total = addExcess(total, undefined, one)',
    replace: 'total = { ...addExcess(total, undefined, one), ...(one.usage && { usage: one.usage }) }',
  },
  {
    what: 'a sign-out leaves the rows on the device',
    file: 'src/store/removing.ts',
    find: '  await adapter.forget?.(user.userId, epoch)\n',
    replace: '',
  },
  {
    what: 'a removal leaves no tombstone',
    file: 'src/adapters/memory/memory-adapter.ts',
    find: '      tombstones.add(id)\n',
    replace: '',
  },
  {
    what: 'a failed save is not tried again',
    file: 'src/store/saving.ts',
    find: 'startTimer(user, backoffMs(saving.failures), false)',
    replace: 'startTimer(user, Number.POSITIVE_INFINITY, false)',
  },
  {
    what: 'what is counted while a save is under way is forgotten',
    file: 'src/store/entry.ts',
    find: '    ...(counts.length > 0 && { counts: Object.fromEntries(counts) }),\n',
    replace: '',
  },
  {
    what: 'a scope that arrives again counts again',
    file: 'src/core/apply-change.ts',
    find: 'sum = addExcess(sum, known, arrived)',
    replace: 'sum = addExcess(sum, undefined, arrived)',
  },
  {
    what: 'what an earlier page left is not read',
    file: 'src/store/journal.ts',
    find: 'else user.replays.set(key, { key, text, conversationId, ...found.replay })',
    replace: '',
  },
  {
    what: 'the next user is shown what the one before was shown',
    file: 'src/adapters/memory/memory-adapter.ts',
    find: 'users.get(userId)',
    replace: '[...users.values()][0]',
  },
  {
    what: 'a claim removes what it did not save',
    file: 'src/store/guests.ts',
    find: 'return user.hasLeft ? [] : copyRows(user, rows)',
    replace: 'return rows.map(({ conversationId }) => conversationId)',
  },
  {
    what: 'a claim takes what another tab has open',
    file: 'src/store/guests.ts',
    find: 'claims.flatMap((claim) => claim?.conversationId ?? [])',
    replace: 'claims.length > 0 ? await listIds(guest) : []',
  },
  {
    what: 'a claim that is made again counts again',
    file: 'src/core/guest-change.ts',
    find: '[claimScope]:',
    replace: '[String(Math.random()).slice(2, 10)]:',
  },
  {
    what: 'a claim leaves the rows to the guest as well',
    file: 'src/store/guests.ts',
    find: '    await adapter.remove(from, ids)\n',
    replace: '',
  },
]
