import { afterAll, beforeAll, describe } from 'vitest'
import { commands } from 'vitest/browser'
import { storeOverHttp } from './store-behaviour.js'

let url = ''
beforeAll(async () => {
  url = await commands.startSessionServer()
})
afterAll(() => commands.stopSessionServer())

describe('a store over HTTP, in Chromium', () => {
  storeOverHttp(
    () => url,
    (userId, address, init) => {
      const headers = new Headers(init?.headers)
      if (userId !== undefined) headers.set('Authorization', userId)
      return fetch(address, { ...init, headers })
    },
  )
})
