import { startTurnServer } from '../support/turn-server.js'
import { twoServers } from '../support/two-servers.js'
import { age, newKey, redisOfTest } from './redis-of-test.js'

twoServers(async () => {
  const redis = await redisOfTest()
  return {
    sessions: redis.sessions,
    newKey,
    start: () => startTurnServer(redis.server.socket),
    age: (_, ms) => age(redis, ms),
  }
})
