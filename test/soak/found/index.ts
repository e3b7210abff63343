import type { FoundScene } from '../replay-found.js'
import { foundOnAccount } from './account.js'
import { foundOfClaims } from './claims.js'
import { foundOnDexie } from './dexie.js'
import { foundOnLocalStorage } from './local-storage.js'

/** What the soak found, each with as few actions as still show it. A failing run prints one more. */
export const foundScenes: readonly FoundScene[] = [
  ...foundOnLocalStorage,
  ...foundOfClaims,
  ...foundOnDexie,
  ...foundOnAccount,
]
