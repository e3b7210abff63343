// The verbs of AgentSessionStore as Lua: each one script, atomic, by Redis's clock. A row is a hash:
//
//   id       the agent session id; '' if none is stored
//   expires  when it runs out, in ms since the epoch
//   lease    the lease id; '' if no turn holds the key
//   until    when the lease runs out
//   turns    the last 16, newest first, by spaces: a letter for the state (r running, s to be stopped, d done, p stopped,
//            f failed), when it began, the hash of its message, its id, by dots. A lease is the newest one's.
//
// A script writes its fields with one HSET before anything else, so a Redis that has no memory left changes nothing.

const row = `
local key, given = KEYS[1], cjson.decode(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local row = redis.call('HMGET', key, 'id', 'expires', 'lease', 'until', 'turns')
local id = row[1] and row[1] ~= '' and row[1] or nil
local expires, lease, leased = tonumber(row[2] or 0), row[3], tonumber(row[4] or 0)
local left = math.max(leased - now, 0)
local turns = {}
for turn in string.gmatch(row[5] or '', '%S+') do turns[#turns + 1] = turn end

-- A day longer than the session, so that a late turn learns that it expired.
local function save(...)
  redis.call('HSET', key, ...)
  redis.call('PEXPIREAT', key, math.max(expires, leased) + 86400000)
end

local function slide()
  if not id or expires > now then expires = now + math.ceil(given.expiry_ms) end
end

local function lease_for(ms) leased = now + math.ceil(ms) end

local function holds() return lease and lease ~= '' and lease == given.lease_id end

local function place()
  for n, turn in ipairs(turns) do
    if string.match(turn, '[^.]+$') == given.turn_id then return n end
  end
end

local states = { r = 'running', s = 'stopping', d = 'done', p = 'stopped', f = 'failed' }
local function state(n)
  local letter, began, hash, turn_id = string.match(turns[n], '^(%a)%.(%d+)%.([^.]+)%.([^.]+)$')
  local is_held = n == 1 and left > 0
  local is_open = letter == 'r' or letter == 's'
  return {
    turnId = turn_id, messageHash = hash, startedAt = tonumber(began),
    state = is_open and not is_held and 'interrupted' or states[letter],
  }
end

local function mark(letter) turns[1] = letter .. string.sub(turns[1], 2) end
local function joined() return table.concat(turns, ' ') end
local function said(is_done) return is_done and '{"status":"ok"}' or '{"status":"refused"}' end
`

const verbs = {
  get_session: `
return cjson.encode({ status = 'ok', agentSessionId = expires > now and id or nil })`,

  // A turn whose lease ran out must not write over this id when it ends at last.
  set_session: `
if left > 0 then return cjson.encode({ status = 'busy', retryAfterMs = left }) end
id, leased = nil, 0
slide()
save('id', given.agent_session_id, 'expires', expires, 'lease', '', 'until', 0)
return said(true)`,

  delete_session: `
if given.expected and given.expected ~= id then return said(false) end
return said(redis.call('DEL', key) == 1)`,

  // An id that ran out is not revived, so that a repeat learns of it too.
  begin_turn: `
local known = place()
local is_same = known == 1 and holds()
local stands = known or (left > 0 and 1)
if stands and not is_same then
  return cjson.encode({ status = 'busy', turn = state(stands), retryAfterMs = stands == 1 and left or 0 })
end
if not is_same then
  table.insert(turns, 1, string.format('r.%.0f.%s.%s', now, given.message_hash, given.turn_id))
  turns[17] = nil
end
slide()
lease_for(given.lease_ms)
save('expires', expires, 'lease', given.lease_id, 'until', leased, 'turns', joined())
local is_expired = id ~= nil and expires <= now
return cjson.encode({ status = 'ok', expired = is_expired, agentSessionId = not is_expired and id or nil })`,

  get_turn: `
local known = given.turn_id and place() or not given.turn_id and 1
return cjson.encode({ status = 'ok', turn = turns[known] and state(known) })`,

  request_stop: `
if place() ~= 1 or left == 0 then return said(false) end
mark('s')
save('turns', joined())
return said(true)`,

  renew_turn: `
if not holds() then return said(false) end
lease_for(given.lease_ms)
save('until', leased)
return said(true)`,

  clear_stale: `
if not holds() or id ~= given.expected then return said(false) end
save('id', '')
return said(true)`,

  end_turn: `
if not holds() then return said(false) end
local letters = { done = 'd', stopped = 'p', failed = 'f' }
if given.outcome == 'not-started' then table.remove(turns, 1) else mark(letters[given.outcome]) end
if given.agent_session_id then id = nil end
slide()
leased = 0
save('id', given.agent_session_id or id or '', 'expires', expires, 'lease', '', 'until', 0, 'turns', joined())
return said(true)`,
}

/** What is run for a verb. `KEYS[1]` is the row, `ARGV[1]` its arguments as JSON; the reply is JSON. */
export const sessionScripts: ReadonlyMap<string, string> = new Map(
  Object.entries(verbs).map(([verb, lua]) => [verb, row + lua]),
)
