import type { FoundScene } from '../replay-found.js'

/** What the soak found on Dexie. */
export const foundOnDexie: readonly FoundScene[] = [
  {
    title: 'a save whose answer was lost is counted once, although another tab renamed before it was repeated',
    seed: 136,
    storage: 'dexie',
    devices: 1,
    invariant: 'counted once',
    fault: 'S9',
    actions: [
      { do: 'open', page: 0, user: 0, workspace: 2, device: 0, wait: 0 },
      { do: 'new', page: 0, workspace: 2 },
      { do: 'open', page: 1, user: 0, workspace: 0, device: 0 },
      { do: 'new', page: 1, workspace: 2 },
      { do: 'storage', page: 0, how: 'save lose', wait: 0 },
      { do: 'open', page: 0, user: 0, workspace: 0, device: 0, wait: 0 },
      { do: 'record', page: 0, wait: 0 },
      { do: 'rename', page: 1, conversation: 4 },
    ],
  },
  {
    title: 'a user who left and comes back is not taken for the one who signed out meanwhile',
    seed: 20_122,
    storage: 'dexie',
    devices: 1,
    invariant: 'kept',
    fault: 'S6',
    actions: [
      { do: 'open', page: 0, user: 0, workspace: 0, device: 0 },
      { do: 'open', page: 4, user: 0, workspace: 1, device: 0, wait: 0 },
      { do: 'set-user', page: 4 },
      { do: 'sign-out', page: 0, wait: 0 },
      { do: 'set-user', page: 4, user: 0, wait: 0 },
      { do: 'record-elsewhere', page: 4, conversation: 2 },
    ],
  },
  {
    title: 'what is unsaved in a tab is counted once, although the tab was duplicated',
    seed: 2285,
    storage: 'dexie',
    devices: 1,
    invariant: 'counted once',
    fault: 'copied-unsaved',
    actions: [
      { do: 'open', page: 0, user: 0, workspace: 0, device: 0 },
      { do: 'storage', page: 0, how: 'save reject' },
      { do: 'record', page: 0, wait: 0 },
      { do: 'copy', page: 0, conversation: 3 },
      { do: 'close', page: 0 },
    ],
  },
]
