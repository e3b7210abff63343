// A turn log as Lua. Of a tab key there is one hash, with a field for each turn: until when it is kept in ms since the
// epoch, its highest number, its bytes, and a letter (r running, f full, e ended). Of a turn there is one stream, with an
// entry for each batch: its id is the highest number and how many events, its value one event per line. Both go by
// themselves.

const turn = `
local logs, log, given = KEYS[1], KEYS[2], cjson.decode(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function read(noted)
  local kept, last, bytes, letter = string.match(noted or '', '^(%d+) (%d+) (%d+) (%a)$')
  if kept and tonumber(kept) > now then return tonumber(last), tonumber(bytes), letter end
end
local last, bytes, letter = read(redis.call('HGET', logs, given.turn_id))

local function note(ms)
  redis.call('HSET', logs, given.turn_id, string.format('%.0f %.0f %.0f %s', now + ms, last, bytes, letter))
  redis.call('PEXPIRE', log, ms)
  if redis.call('PTTL', logs) < ms then redis.call('PEXPIRE', logs, ms) end
end

-- Of a turn that never ends; from its last event.
local silent_ms = 3600000
`

const verbs = {
  start: `
if last then return 0 end
local noted = redis.call('HGETALL', logs)
last, bytes, letter = 0, 0, 'r'
note(silent_ms)
for n = 1, #noted, 2 do
  if noted[n] ~= given.turn_id and not read(noted[n + 1]) then redis.call('HDEL', logs, noted[n]) end
end
return 1`,

  // Nothing after the end, and nothing with a number that is there.
  write: `
if not last then return 'unknown' end
if letter == 'e' then return 'ok' end
local function add(seq, count, text)
  redis.call('XADD', log, string.format('%.0f-%.0f', seq, count), 'e', text)
  last, bytes = seq, bytes + #text
end

local answer = 'ok'
if given.last_seq then
  local text = ARGV[2]
  local known = math.max(last + 1 - given.first_seq, 0)
  local count = given.last_seq - given.first_seq + 1 - known
  if count > 0 then
    for _ = 1, known do text = string.sub(text, string.find(text, '\\n', 1, true) + 1) end
    if bytes + #text > given.max_bytes then letter = 'f' end
    if letter == 'r' then add(given.last_seq, count, text) end
  end
  if letter == 'f' then answer = 'full' end
end
if given.end_seq then
  add(math.max(given.end_seq, last + 1), 1, ARGV[3])
  letter = 'e'
end
note(letter == 'e' and given.retention_ms or silent_ms)
return answer`,

  // The first text is the turn's, the others are its batches: no client takes them for JSON.
  fetch: `
if not last then return {} end
local reply = { string.format('%s %.0f', letter, last) }
for _, entry in ipairs(redis.call('XRANGE', log, string.format('%.0f-0', given.after + 1), '+')) do
  reply[#reply + 1] = entry[1] .. '\\n' .. entry[2][2]
end
return reply`,

  // The streams lie beside the hash, as what is in braces is the same.
  delete: `
for _, turn_id in ipairs(redis.call('HKEYS', logs)) do
  redis.call('DEL', string.sub(logs, 1, -2) .. ':' .. turn_id)
end
redis.call('DEL', logs)
return 1`,
}

/** What is run for a call. `KEYS` are the hash and the stream, `ARGV` the arguments as JSON, events, and the last one. */
export const logScripts = {
  start: turn + verbs.start,
  write: turn + verbs.write,
  fetch: turn + verbs.fetch,
  delete: turn + verbs.delete,
} as const
