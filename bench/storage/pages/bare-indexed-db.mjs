import { openDatabase, readRows } from './indexed-db-rows.mjs'
import { measureBare } from './measure-bare.mjs'

// What the browser itself needs, without any library: opening the database, and reading ten rows of it.
measureBare(async () => readRows(await openDatabase(), 10))
