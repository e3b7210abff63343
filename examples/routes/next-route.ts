// app/api/turn/route.ts of a Next app.

import { turns } from './turns.js'

export const { GET, POST, DELETE } = turns
