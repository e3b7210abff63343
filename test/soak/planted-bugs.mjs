// Bugs for `node scripts/soak-plant.mjs`: each a change somebody could make. What is replaced stands in the file once.

/** @typedef {{ readonly what: string, readonly file: string, readonly find: string, readonly replace: string }} PlantedBug */

/** @type {readonly PlantedBug[]} */
export const plantedBugs = [
  {
    what: 'a journal entry is never deleted',
    file: 'src/store/journal.ts',
    find: 'if (isWritten) storage.removeItem(ownKey(conversationId))\n          written.delete(conversationId)',
    replace: 'written.delete(conversationId)',
  },
  {
    what: 'the tokens of two messages that are said in a row are not added',
    file: 'src/core/unsaved.ts',
    find: 'const usage = addUsage(earlier.usage, later.usage)',
    replace: 'const usage = later.usage ?? earlier.usage',
  },
  {
    what: 'a sign-out leaves the rows on the device',
    file: 'src/store/session-user.ts',
    find: '      await adapter.forget?.(userId)\n',
    replace: '',
  },
  {
    what: 'a claim that was denied is taken for held',
    file: 'src/store/claims.ts',
    find: "if (answer !== 'unavailable') return answer === 'held'",
    replace: "if (answer !== 'unavailable') return true",
  },
  {
    what: 'a new title is shown and never saved',
    file: 'src/store/create-session-store.ts',
    find: '{ title: shortened(title) }, { isUrgent: true }',
    replace: '{}, { isUrgent: true }',
  },
  {
    what: 'a failed save is not tried again',
    file: 'src/store/saver.ts',
    find: '      startTimer(backoffMs(failures), { keepsAlive: false })\n',
    replace: '',
  },
  {
    what: 'what is said while a save is under way is forgotten',
    file: 'src/store/conversation-record.ts',
    find: 'return createRecord(row, { sealed: sealed.slice(1), unsaved })',
    replace: 'return createRecord(row, { sealed: sealed.slice(1) })',
  },
  {
    what: 'a removal leaves no tombstone',
    file: 'src/adapters/local-storage/local-storage-adapter.ts',
    find: '      leaveTombstone(storage, keys.tombstone(userId, conversationId), key)\n',
    replace: '',
  },
  {
    what: 'the next user is shown what the one before was shown',
    file: 'src/adapters/memory/memory-adapter.ts',
    find: 'session.userId === userId && (workspace === undefined || session.workspace === workspace)',
    replace: 'workspace === undefined || session.workspace === workspace',
  },
  {
    what: 'a disposed store goes on trying',
    file: 'src/store/saver.ts',
    find: '    dispose() {\n      stopTimer()\n',
    replace: '    dispose() {\n',
  },
]
