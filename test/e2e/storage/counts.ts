/** How much these tests do: little in `npm test`, all that the promises name in `npm run test:soak`. */
export const counts = process.env.LEFTOFF_SOAK
  ? { runs: 5, tabs: 10, sessions: 20, kills: 20, leavings: 20, updates: 1_000, updateMs: 15 }
  : { runs: 1, tabs: 3, sessions: 8, kills: 1, leavings: 1, updates: 200, updateMs: 15 }

/** For a whole test, all its runs included. */
export const timeoutMs = process.env.LEFTOFF_SOAK ? 300_000 : 30_000
