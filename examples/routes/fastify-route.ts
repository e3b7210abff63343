// With Fastify. Its body parsers are taken away for this route: the handler reads the body itself.

import { getRequestListener } from '@hono/node-server'
import fastify from 'fastify'
import { turns } from './turns.js'

const listener = getRequestListener(turns.fetch)

export const app = fastify()
app.register(async (scope) => {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, _body, done) => done(null))
  scope.all('/api/turn', (request, reply) => {
    reply.hijack()
    return listener(request.raw, reply.raw)
  })
})
