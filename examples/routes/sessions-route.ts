// app/api/sessions/route.ts of a Next app: the history of conversations for `httpAdapter({ url: '/api/sessions' })`. Web-standard, so it also
// is the handler of any framework that speaks Request and Response.

import { sessionRoutes } from 'leftoff/server'
import { history, onError, sessionStore, userOf } from './your-app.js'

export const { GET, POST } = sessionRoutes({
  adapterOf: () => history,
  authorize: async (request) => {
    const userId = await userOf(request)
    return userId === undefined ? new Response('Sign in first.', { status: 401 }) : { userId }
  },
  // The agent session goes with its conversation.
  onRemove: (key) => sessionStore.delete(key),
  onError,
})
