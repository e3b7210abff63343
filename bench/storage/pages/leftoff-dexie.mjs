import { dexieAdapter } from 'leftoff/dexie'
import { leftoffLibrary } from './leftoff.mjs'
import { measure } from './measure.mjs'

measure(() => leftoffLibrary(dexieAdapter()))
