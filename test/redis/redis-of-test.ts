import { onTestFinished } from 'vitest'
import { redisAgentSessions, tabKey } from '../../src/server/index.js'
import { type OpenedClient, withNodeRedis } from './clients.js'
import { createRedisServer } from './redis-server.mjs'

/** A Redis of its own for one test, which ends it. */
export async function redisOfTest(settings: Record<string, string> = {}, open = withNodeRedis) {
  const server = await createRedisServer(settings)
  onTestFinished(() => server.end())
  await server.start()
  const client = await open(server.socket)
  onTestFinished(() => client.close())
  return { server, ...client, sessions: redisAgentSessions(client) }
}

/** A key that no other test uses. */
export const newKey = () =>
  tabKey({ userId: crypto.randomUUID(), workspace: 'demo.alive.best', tabId: crypto.randomUUID() })

/** Makes all that leftoff keeps older, as if that much time had passed. */
export async function age({ command }: OpenedClient, ms: number): Promise<void> {
  await command(['EVAL', older, '0', String(ms)])
}

const older = `
local ms = tonumber(ARGV[1])
for _, key in ipairs(redis.call('KEYS', 'leftoff:*')) do
  if string.match(key, ':session$') then
    for _, field in ipairs({ 'expires', 'until' }) do
      local at = tonumber(redis.call('HGET', key, field) or 0)
      if at > 0 then redis.call('HSET', key, field, at - ms) end
    end
  elseif string.match(key, ':logs$') then
    for _, turn in ipairs(redis.call('HKEYS', key)) do
      local kept, rest = string.match(redis.call('HGET', key, turn), '^(%d+)(.*)$')
      redis.call('HSET', key, turn, string.format('%.0f', kept - ms) .. rest)
    end
  end
  local left = redis.call('PTTL', key)
  if left >= 0 then redis.call('PEXPIRE', key, left - ms) end
end`
