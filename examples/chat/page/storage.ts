import { localStorageAdapter } from 'leftoff'

/** Where this browser keeps its sessions. Another adapter is a change of this line; a picker would choose here. */
export const adapter = localStorageAdapter()
