// app/api/sessions/route.ts of a Next app: the history of conversations for `httpAdapter({ url: '/api/sessions' })`. Web-standard, so it also
// is the handler of any framework that speaks Request and Response.

import { forgetConversation, sessionRoutes } from 'leftoff/server'
import { history, log, onError, sessions, userOf } from './your-app.js'

export const { GET, POST } = sessionRoutes({
  adapterOf: () => history,
  authorize: async (request) => {
    const userId = await userOf(request)
    return userId === undefined ? new Response('Sign in first.', { status: 401 }) : { userId }
  },
  // The agent session and what its turns sent go with their conversation.
  onRemove: (key) => forgetConversation({ sessions, log }, key),
  onError,
})
