import { beforeEach, describe } from 'vitest'
import { serverInProcess } from './in-process.js'
import { storeOverHttp } from './store-behaviour.js'

let server: ReturnType<typeof serverInProcess>
beforeEach(() => {
  server = serverInProcess()
})

describe('a store over HTTP', () => {
  storeOverHttp(
    () => '/api/sessions',
    (userId, ...request) => server.device(userId).fetch(...request),
  )
})
