/**
 * Imports the conversations that an older app left in `localStorage`, and moves leftoff's own from there to another adapter.
 *
 * @module leftoff/legacy
 */

export { importLegacy, type LegacyOptions, type LegacySession } from './import-legacy.js'
export { type MoveOptions, moveFromLocalStorage } from './move-from-local-storage.js'
