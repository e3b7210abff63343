/**
 * Imports the sessions that an older app left in `localStorage`.
 *
 * @module leftoff/legacy
 */

export type { ImportedBlob, LegacyImport } from '../store/user.js'
export { importLegacy } from './import-legacy.js'
