import { localStorageAdapter } from 'leftoff'
import { leftoffLibrary } from './leftoff.mjs'
import { measure } from './measure.mjs'

measure(() => leftoffLibrary(localStorageAdapter()))
