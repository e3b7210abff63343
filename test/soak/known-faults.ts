import { openFaults as openFaultIds } from '../faults/open-faults.js'
import type { Invariant, Violation } from './world.js'

/** A fault of the store that is known, and how a run looks that met it. */
export interface KnownFault {
  /** As the list of open faults has it: it is open while one of these is. */
  readonly ids: readonly [string, ...string[]]
  readonly what: string
  readonly invariants: readonly Invariant[]
  /** Each a set of things that all happened before. */
  readonly whenever: readonly (readonly string[])[]
}

const openFaults: readonly string[] = openFaultIds

const lost = ['kept', 'flushed is stored', 'title kept'] as const

/** Only those in `openFaults` or `openSoakFaults` excuse anything. The more particular come first. */
const knownFaults: readonly KnownFault[] = [
  {
    ids: ['S1'],
    what: 'a clock that is months ahead removes rows',
    invariants: ['kept', 'flushed is stored', 'title kept'],
    whenever: [['clock jumped by months']],
  },
  {
    ids: ['S3'],
    what: 'a slow answer about a lock: two tabs hold a conversation',
    invariants: ['held by one tab'],
    whenever: [['slow locks']],
  },
  {
    ids: ['S7'],
    what: 'signing out after setUser(null) leaves everything',
    invariants: ['signed out is gone'],
    whenever: [['signed out after leaving']],
  },
  {
    ids: ['copied-unsaved'],
    what: 'a duplicate of a tab has a copy of its unsaved messages, and saves them too',
    invariants: ['counted once', 'row adds up'],
    whenever: [['copied before it was stored']],
  },
  {
    ids: ['S9', 'S9b'],
    what: 'a save whose answer was lost is counted twice',
    invariants: ['counted once', 'row adds up'],
    whenever: [['save lose'], ['save late'], ['save slow'], ['save hang']],
  },
  {
    ids: ['S12'],
    what: 'one read that never answers holds up others',
    invariants: ['promises settle', ...lost],
    whenever: [['read hang'], ['remove hang']],
  },
  {
    ids: ['S13'],
    what: 'opening that is overtaken by dispose, sign-out or another user never settles',
    invariants: ['promises settle'],
    whenever: [['left before it settled']],
  },
  {
    ids: ['S15'],
    what: 'a removal that fails beside a save is an unhandled rejection',
    invariants: ['no unhandled rejection'],
    whenever: [['remove reject'], ['remove lose'], ['remove hang']],
  },
  {
    ids: ['S5'],
    what: "another user's sign-out takes this user's rows",
    invariants: lost,
    whenever: [['another user signed out on the device']],
  },
  {
    ids: ['S6'],
    what: 'a store that was made before a sign-out is signed out again',
    invariants: lost,
    whenever: [['signed in with a store from before a sign-out']],
  },
  {
    ids: ['S4'],
    what: 'a tab that slept through a sign-out removes what came after it',
    invariants: [...lost, 'removed stays away'],
    whenever: [['a tab slept through a sign-out']],
  },
  {
    ids: ['S11', 'S11b'],
    what: 'what is said before a conversation is open is not waited for, or in no storage',
    invariants: lost,
    whenever: [['said while opening']],
  },
  {
    ids: ['S11c'],
    what: 'what is said of a conversation that was not read is in no storage',
    invariants: lost,
    whenever: [['said of a conversation not read']],
  },
  {
    ids: ['S11d'],
    what: 'what is said while another tab has the conversation is in no storage',
    invariants: lost,
    whenever: [['said while away'], ['another tab had its conversation']],
  },
  {
    ids: ['S10'],
    what: 'an earlier title that arrives late replaces a later one',
    invariants: ['title kept'],
    whenever: [['parked']],
  },
  {
    ids: ['removed-reopened'],
    what: 'opening what was removed shows it again, while storage cannot say that it is gone',
    invariants: ['removed is not shown'],
    whenever: [['save reject'], ['save lose'], ['save hang'], ['save late'], ['save slow'], ['remove slow']],
  },
  {
    ids: ['signed-in-while-signing-out'],
    what: 'who signs in again while the sign-out is under way writes back what is being forgotten',
    invariants: ['signed out is gone'],
    whenever: [['signed in while signing out']],
  },
  {
    ids: ['removal-dropped'],
    what: 'a removal that is under way when the user signs out resolves, and the row stays in the account',
    invariants: ['removed stays away'],
    whenever: [['signed out while removing']],
  },
  {
    ids: ['timer-after-dispose'],
    what: 'a read that fails while a store is disposed sets a timer for another try',
    invariants: ['no timer left'],
    whenever: [['read reject']],
  },
]

/** Faults that the soak found and the table does not name. */
const openSoakFaults: readonly string[] = [
  'removed-reopened',
  'removal-dropped',
  'signed-in-while-signing-out',
  'copied-unsaved',
  'timer-after-dispose',
]

export const isOpen = (id: string): boolean => openFaults.includes(id) || openSoakFaults.includes(id)

/** The known fault that a violation shows, if it is an open one. */
export function faultOf({ invariant, facts }: Violation): KnownFault | undefined {
  return knownFaults.find(
    ({ ids, invariants, whenever }) =>
      ids.some(isOpen) &&
      invariants.includes(invariant) &&
      whenever.some((all) => all.every((fact) => facts.has(fact))),
  )
}
