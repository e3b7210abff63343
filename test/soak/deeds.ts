import type { Deed } from './actions.js'
import { chatDeeds } from './chat-deeds.js'
import type { DoIt } from './doing.js'
import { pageDeeds } from './page-deeds.js'

/** What each action does. Whether it could happen. */
export const deeds: Readonly<Record<Deed, DoIt>> = { ...chatDeeds, ...pageDeeds }
