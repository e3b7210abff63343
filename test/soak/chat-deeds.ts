import type { Deed } from './actions.js'
import { followOpen } from './check-views.js'
import {
  anyPerson,
  anyUser,
  attempt,
  awake,
  createRemoval,
  type DoIt,
  followRemoval,
  isStored,
  openWorkspace,
  ownConversation,
  say,
  signedIn,
  situationOf,
  storedIn,
  workspaceAt,
} from './doing.js'
import type { Claim } from './guest.js'
import { draftOf, titleOf } from './model.js'
import { beginStay, endStay, know, look, park } from './stays.js'
import { checkFlushed, forgetStored } from './stored.js'
import { follow } from './world.js'

/** After which a claim has removed what it moved. */
const laterMs = 5_000

/** What people do in a page, and what the model makes of it. Whether it could happen. */
export const chatDeeds = {
  new: (world, _index, { workspace = 0 }, place) =>
    signedIn(world, place, ({ there, store, stay }) => {
      const id = attempt(world, 'newConversation', () => store.begin(workspaceAt(workspace)))
      if (id === undefined) return false
      there.workspace = workspaceAt(workspace)
      know(world, stay, id, there.workspace)
      return true
    }),

  record: (world, _index, { how }, place) => say(world, place, undefined, { hasId: how === 'with id' }),

  /** As a page does that loads the messages of a conversation again, or that shows what another page sent. */
  'record-again': (world, _index, { conversation = 0 }, place) =>
    signedIn(world, place, ({ there, stay }) => {
      const recorded = world.model.said.filter((one) => one.hasId && one.conversationId !== undefined)
      const own = recorded.filter(({ stay: { user } }) => user === stay.user)
      const again = own[conversation % own.length]
      const to = world.model.conversations.find(({ id, user }) => id === again?.conversationId && user === stay.user)
      return again !== undefined && to !== undefined && say(world, there, to, { hasId: true, again })
    }),

  type: (world, _index, _action, place) =>
    signedIn(world, place, ({ there, store, stay }) => {
      const conversationId = look(world, there)?.current?.conversationId
      if (conversationId === undefined) return false
      const { drafts } = world.model
      const text = draftOf(stay.user, drafts.length)
      drafts.push({ user: stay.user, conversationId, text, at: world.tick(), stay })
      attempt(world, 'setDraft', () => store.type(conversationId, text))
      return true
    }),

  'record-elsewhere': (world, _index, { conversation = 0 }, place) => {
    const to = ownConversation(world, place, conversation)
    return to ? say(world, place, to) : false
  },

  rename: (world, _index, { conversation = 0 }, place) =>
    signedIn(world, place, ({ there, store, stay }) => {
      const to = ownConversation(world, there, conversation)
      if (!to) return false
      const title = titleOf(stay.user, world.model.renamings.length)
      const { isKnown, facts } = situationOf(world, there, stay, to)
      const safeAt = Number.POSITIVE_INFINITY
      const elapsed = world.time.elapsed()
      const renaming = { conversation: to, title, at: world.tick(), elapsed, stay, safeAt, isIntoVoid: !isKnown, facts }
      world.model.renamings.push(renaming)
      attempt(world, 'renameConversation', () => store.rename(to.id, title))
      return true
    }),

  remove: (world, _index, { conversation = 0, ms = 0 }, place) =>
    signedIn(world, place, ({ there, store, stay }) => {
      const to = ownConversation(world, there, conversation)
      if (!to) return false
      const removal = createRemoval(
        world,
        { store, stay },
        { conversationId: to.id, workspace: undefined, certain: [to.id] },
        ms > 0,
      )
      if (there.page.browser.isHidden()) removal.mayBeCarriedOut = true
      followRemoval(world, there, 'removeConversation', removal, () => store.remove(to.id, ms))
      return true
    }),

  restore: (world, _index, _action, place) =>
    signedIn(world, place, ({ store, stay }) => {
      const [last] = world.model.removals
        .filter((one) => one.stay === stay && one.canBeUndone && !one.isRestored)
        .slice(-1)
      if (last?.conversationId === undefined) return false
      const { conversationId } = last
      const isRestored = attempt(world, 'restoreConversation', () => store.restore(conversationId)) === true
      for (const removal of world.model.removals) {
        if (isRestored && removal.stay === stay && removal.conversationId === conversationId && removal.canBeUndone) {
          removal.isRestored = true
        }
      }
      return isRestored
    }),

  'take-over': (world, _index, _action, place) =>
    signedIn(world, place, ({ there, store }) => {
      follow(world, there, 'takeOver', () => store.takeOver())
      return true
    }),

  switch: (world, _index, { conversation = 0 }, place) =>
    signedIn(world, place, ({ there, store }) => {
      const to = ownConversation(world, there, conversation)
      if (!to) return false
      follow(world, there, 'switchConversation', () => store.switchTo(to.id))
      return true
    }),

  clear: (world, _index, action, place) =>
    signedIn(world, place, ({ there, store, stay }) => {
      const workspace = action.workspace === undefined ? undefined : workspaceAt(action.workspace)
      const certain = world.model.conversations.filter(
        (one) =>
          one.user === stay.user &&
          isStored(world, one) &&
          (workspace === undefined || storedIn(world, one) === workspace),
      )
      const ids = certain.map(({ id }) => id)
      const removal = createRemoval(world, { store, stay }, { conversationId: undefined, workspace, certain: ids })
      followRemoval(world, there, 'clear', removal, () => store.clear(workspace))
      return true
    }),

  'sign-out': (world, _index, _action, place) =>
    awake(place, (there) => {
      const { store } = there
      look(world, there)
      const user = there.stay?.user ?? there.leftUser
      if (!store || user === undefined) return false
      const device = there.page.device.index
      // What is forgotten is not read again by mistake.
      for (const other of world.places) if (other?.page.device === there.page.device) other.faults.forgetEarlier()
      const signOut = { user, device, at: world.tick(), settledAt: Number.POSITIVE_INFINITY, isDone: false }
      world.model.signOuts.push(signOut)
      forgetStored(world, user)
      endStay(world, there, 'signed-out')
      there.user = undefined
      there.leftUser = undefined
      follow(world, there, 'signOut', () => store.signOut().then(() => true), {
        onEnd: () => {
          signOut.settledAt = world.tick()
          forgetStored(world, user)
        },
        onDone: () => {
          signOut.isDone = true
        },
      })
      return true
    }),

  'set-user': (world, _index, action, place) =>
    awake(place, (there) => {
      const { store } = there
      if (!store) return false
      const next = action.user === undefined ? undefined : anyUser(action.user)
      look(world, there)
      if (there.stay?.user !== next) {
        there.leftUser = next === undefined ? there.stay?.user : undefined
        endStay(world, there, park(world, there) ? 'left' : 'cut')
        follow(world, there, 'setUser', () => store.setUser(next).then(() => true))
        beginStay(world, there, next)
        there.user = next
      } else follow(world, there, 'setUser', () => store.setUser(next))
      return next === undefined || openWorkspace(world, there, there.workspace)
    }),

  claim: (world, _index, { user = 0 }, place) =>
    awake(place, (there) => {
      const { store, page, faults } = there
      if (!store) return false
      const next = anyPerson(user)
      const checkOpen = followOpen(world, there, next)
      if (there.stay?.user !== next) {
        endStay(world, there, park(world, there) ? 'left' : 'cut')
        beginStay(world, there, next)
      }
      there.user = next
      there.leftUser = undefined
      const device = page.device.index
      const claim: Claim = {
        to: next,
        device,
        at: world.tick(),
        faults,
        settledAt: Number.POSITIVE_INFINITY,
        isDone: false,
      }
      world.model.claims.push(claim)
      follow(world, there, 'setUser with claimGuest', () => store.claim(next).then(() => true), {
        onEnd: () => {
          claim.settledAt = world.tick()
        },
        // What localStorage has is removed later.
        onDone: () =>
          void world.time.after(laterMs, () => {
            claim.isDone = page.state === 'running' && faults.met.size === 0
            checkOpen()
          }),
      })
      return openWorkspace(world, there, there.workspace)
    }),

  flush: (world, _index, _action, place) =>
    signedIn(world, place, ({ there, store, stay }) => {
      const said = world.model.said.filter((one) => one.stay === stay)
      const renamings = world.model.renamings.filter((one) => one.stay === stay)
      const { facts } = situationOf(world, there, stay, undefined)
      follow(world, there, 'flush', () => store.flush().then(() => true), {
        onDone() {
          for (const one of renamings) one.safeAt = Math.min(one.safeAt, world.tick())
          void checkFlushed(world, there, said, facts)
        },
      })
      return true
    }),
} satisfies Partial<Record<Deed, DoIt>>
