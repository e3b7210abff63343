import {
  type Action,
  type Deed,
  deeds,
  guestUser,
  pageCount,
  type Scene,
  userCount,
  workspaceCount,
} from './actions.js'
import type { Random } from './random.js'
import { possibleFaults, type StorageKind } from './store-driver.js'

/** How likely each is beside the others; in each run some of them are left out and some are likelier. */
const weights: Readonly<Record<Exclude<Deed, 'claim'>, number>> = {
  open: 8,
  copy: 3,
  link: 3,
  new: 4,
  record: 16,
  'record-elsewhere': 6,
  'record-again': 3,
  type: 3,
  rename: 4,
  remove: 3,
  restore: 1,
  switch: 4,
  'take-over': 3,
  clear: 1.5,
  'sign-out': 2,
  'set-user': 4,
  flush: 5,
  hide: 3,
  show: 3,
  freeze: 3,
  thaw: 4,
  crash: 2,
  close: 2,
  reload: 4,
  discard: 1.5,
  dispose: 1.5,
  make: 3,
  'make-again': 1,
  panel: 1.5,
  wipe: 0.7,
  storage: 6,
  heal: 4,
  'slow-locks': 1,
  locks: 1,
  'jump-clock': 1,
}

/** Without these nothing happens at all. */
const always = new Set<Deed>(['open', 'record'])
const minute = 60_000
const day = 24 * 60 * minute
const jumps = [-2 * day, -5 * minute, 5 * minute, 2 * day, 100 * day] as const
const waits = [undefined, undefined, 0, 0, 10, 300, 1_100, 5_000, 12_000] as const

/** The scene that a seed stands for. */
export function createScene(random: Random, storage: StorageKind): Scene {
  const devices = storage === 'account' ? 1 + random.below(3) : 1
  const likely = deeds.flatMap((deed) => {
    if (deed === 'claim') return []
    const boost = always.has(deed) ? 1 : random.pick([0, 0, 1, 1, 1, 3])
    return [[deed, weights[deed] * boost] as const]
  })
  const pages = 1 + random.below(pageCount)
  const users = random.chance(0.5) ? 1 : userCount
  const length = 6 + random.below(50)
  const guess = createGuess(pages)
  const actions: Action[] = []
  while (actions.length < length) {
    const [deed, page] = guess.choose(pickDeed(random, likely), random)
    const action = createAction(random, deed, page, { storage, devices, users })
    guess.note(action)
    actions.push(action)
  }
  return { storage, devices, actions: withGuest(random, actions, { pages, users }) }
}

/** In some scenes many of those who come are guests, and now and then somebody signs in. Drawn last: the others stay as they were. */
function withGuest(
  random: Random,
  actions: readonly Action[],
  { pages, users }: { readonly pages: number; readonly users: number },
): readonly Action[] {
  if (random.chance(0.7)) return actions
  const changed = actions.map((action) =>
    action.user !== undefined && random.chance(0.7) ? { ...action, user: guestUser } : action,
  )
  for (let left = 1 + random.below(4); left > 0; left--) {
    const wait = random.pick(waits)
    const claim = { do: 'claim' as const, page: random.below(pages), user: random.below(users) }
    changed.splice(random.below(changed.length + 1), 0, { ...claim, ...(wait !== undefined && { wait }) })
  }
  return changed
}

type Guess = 'empty' | 'open' | 'nobody' | 'hidden' | 'asleep' | 'without store'

/** What a place needs for an action, where that is not a page with a user. */
const wanted: Partial<Record<Deed, Guess>> = {
  open: 'empty',
  link: 'empty',
  show: 'hidden',
  discard: 'hidden',
  thaw: 'asleep',
  make: 'without store',
}

/** What a place has after an action. */
const becomes: Partial<Record<Deed, Guess>> = {
  open: 'open',
  link: 'open',
  show: 'open',
  discard: 'open',
  thaw: 'open',
  make: 'open',
  hide: 'hidden',
  freeze: 'asleep',
  crash: 'empty',
  close: 'empty',
  dispose: 'without store',
  'sign-out': 'nobody',
}

/** What brings a place nearer to one with a user. */
const remedies: readonly (readonly [Guess, Deed])[] = [
  ['nobody', 'set-user'],
  ['hidden', 'record'],
  ['without store', 'make'],
  ['asleep', 'thaw'],
  ['empty', 'open'],
]

/** What each place has by now, near enough to choose actions that can happen. */
function createGuess(pages: number) {
  const places = Array.from({ length: pages }, (): Guess => 'empty')
  const having = (guess: Guess): number[] => places.flatMap((place, at) => (place === guess ? [at] : []))

  return {
    /** The action, or one that is needed first, and a page for it. */
    choose(deed: Deed, random: Random): readonly [Deed, number] {
      const fit = having(wanted[deed] ?? 'open')
      const page = fit[random.below(fit.length)]
      if (page !== undefined && random.chance(0.95)) return [deed, page]
      for (const [guess, remedy] of remedies) {
        const [at] = having(guess)
        if (at !== undefined) return [remedy, at]
      }
      return [deed, random.below(pages)]
    },
    note({ do: deed, page, how, user }: Action): void {
      if (deed === 'set-user') places[page] = user === undefined ? 'nobody' : 'open'
      else if (deed !== 'crash' || how === 'for good') places[page] = becomes[deed] ?? places[page] ?? 'empty'
    },
  }
}

function pickDeed(random: Random, likely: readonly (readonly [Deed, number])[]): Deed {
  let at = random.next() * likely.reduce((sum, [, weight]) => sum + weight, 0)
  for (const [deed, weight] of likely) {
    at -= weight
    if (at < 0) return deed
  }
  return 'record'
}

interface Limits {
  readonly storage: StorageKind
  readonly devices: number
  readonly users: number
}

function createAction(random: Random, deed: Deed, page: number, { storage, devices, users }: Limits): Action {
  const wait = random.pick(waits)
  const action = { do: deed, page, ...(wait !== undefined && { wait }) }
  const conversation = random.below(12)
  const workspace = random.below(workspaceCount)
  const user = random.below(users)
  switch (deed) {
    case 'open':
      return {
        ...action,
        user,
        workspace,
        device: random.below(devices),
        ...(random.chance(0.05) && { how: 'prerendered' }),
      }
    case 'link':
      return {
        ...action,
        user,
        conversation,
        device: random.below(devices),
        ...(random.chance(0.15) && { workspace }),
        ...(random.chance(0.3) && { how: 'created' }),
      }
    case 'copy':
      return { ...action, conversation }
    case 'new':
      return { ...action, workspace }
    case 'record-elsewhere':
    case 'record-again':
    case 'rename':
    case 'switch':
      return { ...action, conversation }
    case 'record':
      return random.chance(0.4) ? { ...action, how: 'with id' } : action
    case 'remove':
      return random.chance(0.4) ? { ...action, conversation, ms: 6_000 } : { ...action, conversation }
    case 'panel':
      return { ...action, workspace }
    case 'locks':
      return { ...action, how: random.pick(['missing', 'missing', 'rejecting', 'working']) }
    case 'clear':
      return random.chance(0.7) ? { ...action, workspace } : action
    case 'set-user':
      return random.chance(0.7) ? { ...action, user } : action
    case 'freeze':
      return { ...action, how: random.pick(['frozen', 'cached', 'cached-and-frozen']) }
    case 'crash':
      return { ...action, how: random.pick(['for good', 'and back']) }
    case 'storage': {
      const faults = possibleFaults[storage]
      const [verb, fault] = faults[random.below(faults.length)] ?? ['save', 'reject']
      return { ...action, how: `${verb} ${fault}` }
    }
    case 'slow-locks':
      return { ...action, ms: random.pick([300, 1_200]) }
    case 'jump-clock':
      return { ...action, ms: random.pick(jumps) }
    default:
      return action
  }
}
