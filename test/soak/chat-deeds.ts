import type { Deed } from './actions.js'
import {
  anyUser,
  attempt,
  awake,
  createRemoval,
  type DoIt,
  followRemoval,
  isStored,
  leaveUnsettled,
  noteSignOut,
  openWorkspace,
  ownConversation,
  say,
  signedIn,
  situationOf,
  workspaceAt,
} from './doing.js'
import { titleOf } from './model.js'
import { beginStay, endStay, know, look, park } from './stays.js'
import { checkFlushed, forgetStored } from './stored.js'
import { follow } from './world.js'

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

  record: (world, _index, _action, place) => say(world, place, undefined),

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
      const renaming = { conversation: to, title, at: world.tick(), stay, safeAt, isIntoVoid: !isKnown, facts }
      world.model.renamings.push(renaming)
      attempt(world, 'renameConversation', () => store.rename(to.id, title))
      return true
    }),

  remove: (world, _index, { conversation = 0 }, place) =>
    signedIn(world, place, ({ there, store, stay }) => {
      const to = ownConversation(world, there, conversation)
      if (!to) return false
      const removal = createRemoval(
        world,
        { store, stay },
        { conversationId: to.id, workspace: undefined, certain: [to.id] },
      )
      followRemoval(world, there, 'removeConversation', removal, () => store.remove(to.id))
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
          one.user === stay.user && (workspace === undefined || one.workspace === workspace) && isStored(world, one),
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
      if (!there.stay) world.model.facts.add('signed out after leaving')
      noteSignOut(world, there, user)
      leaveUnsettled(world, there)
      for (const { stay, settledAt } of world.model.removals) {
        if (stay === there.stay && settledAt === Number.POSITIVE_INFINITY) stay.facts.add('signed out while removing')
      }
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
        leaveUnsettled(world, there)
        there.leftUser = next === undefined ? there.stay?.user : undefined
        endStay(world, there, park(world, there) ? 'left' : 'cut')
        follow(world, there, 'setUser', () => store.setUser(next).then(() => true))
        beginStay(world, there, next)
        there.user = next
      } else follow(world, there, 'setUser', () => store.setUser(next))
      return next === undefined || openWorkspace(world, there, there.workspace)
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
