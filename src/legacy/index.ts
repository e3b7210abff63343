/**
 * Imports the sessions that an older app left in `localStorage`.
 *
 * @module leftoff/legacy
 */

export { importLegacy, type MapLegacyEntry } from './import-legacy.js'
