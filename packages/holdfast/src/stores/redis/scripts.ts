import { hash } from 'node:crypto'

/** A Lua script, and the digest the server knows it by. */
export interface Script {
  readonly name: string
  readonly source: string
  readonly digest: string
}

/** Names a script, and computes its digest once. */
export function defineScript(name: string, source: string): Script {
  return { name, source, digest: hash('sha1', source) }
}

// A record is one hash. Times are milliseconds by the server's clock. A script that fails half way is not rolled back, so each one
// begins its writes with an HSET: where memory or replicas are short, the server refuses that first, before anything has changed.
// An absent field reads as false, and tonumber(false) is nil. A nil would end a reply, so replies have false instead.
const prelude = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local key = KEYS[1]
`

// The sorted set that counts an account's records knows when each of them expires. Its name is read from the record, because only a
// claim says whose the key is. It must not outlive its last member, or every account ever seen would leave one behind.
const expiry = `
local function expire_at(at)
  local counted = redis.call('HGET', key, 'counted')
  redis.call('PEXPIREAT', key, at)
  if counted then
    redis.call('ZADD', counted, at, key)
    local last = redis.call('ZREVRANGE', counted, 0, 0, 'WITHSCORES')[2]
    if last == 'inf' then redis.call('PERSIST', counted) else redis.call('PEXPIREAT', counted, last) end
  end
end
`

/** KEYS: record, and the account's sorted set if it is to be counted. ARGV: fingerprint, owner, lease, retention, orphan policy, unknown retention, minted at, quota. */
export const claimScript: Script = defineScript(
  'claim',
  `${prelude}${expiry}
local counted = KEYS[2]
local fingerprint, owner = ARGV[1], ARGV[2]
local lease, retention = tonumber(ARGV[3]), tonumber(ARGV[4])
local record = redis.call('HMGET', key, 'state', 'fingerprint', 'owner', 'attempt', 'lease', 'expires', 'created', 'counted')
local state, attempt, expires = record[1], tonumber(record[4]), tonumber(record[6])

local function acquire(attempt, created)
  redis.call('HSET', key, 'state', 'running', 'fingerprint', fingerprint, 'owner', owner, 'attempt', attempt, 'lease', now + lease, 'created', created)
  if state then
    redis.call('HDEL', key, 'expires', 'completed', 'answer')
    redis.call('PERSIST', key)
    counted = counted or record[8]
  end
  if counted then
    redis.call('HSET', key, 'counted', counted)
    redis.call('ZADD', counted, 'inf', key)
    redis.call('ZREMRANGEBYSCORE', counted, '-inf', now)
    redis.call('PERSIST', counted)
  end
  return { 'acquired', attempt }
end

if not state or ((state == 'done' or state == 'released') and expires <= now) then
  local minted = tonumber(ARGV[7])
  if minted and minted + retention < now then return { 'expired' } end
  local quota = counted and tonumber(ARGV[8])
  if quota then
    local others = redis.call('ZCOUNT', counted, string.format('(%.0f', now), '+inf')
    if (tonumber(redis.call('ZSCORE', counted, key)) or 0) > now then others = others - 1 end
    if others >= quota then return { 'quota' } end
  end
  return acquire(1, now)
end
if record[2] ~= fingerprint then return { 'mismatch' } end
if state == 'released' then return acquire(attempt + 1, record[7]) end
if state == 'done' then return { 'done', attempt, redis.call('HGET', key, 'answer') } end
if state == 'unknown' then return { 'unknown', attempt } end
if record[3] == owner then
  redis.call('HSET', key, 'lease', now + lease)
  return { 'acquired', attempt }
end
local left = tonumber(record[5]) - now
if left > 0 then return { 'running', attempt, left } end
if ARGV[5] == 'rerun' then return acquire(attempt + 1, record[7]) end
expires = now + ARGV[6]
redis.call('HSET', key, 'state', 'unknown', 'expires', expires)
redis.call('HDEL', key, 'lease')
expire_at(expires)
return { 'unknown', attempt }`,
)

/** ARGV: owner, answer, retention. A repeat sets the same expiry again, so that WAIT has a write of this connection to wait for. */
export const completeScript: Script = defineScript(
  'complete',
  `${prelude}${expiry}
local record = redis.call('HMGET', key, 'state', 'owner', 'expires')
if record[2] ~= ARGV[1] or record[1] == 'released' then return 'fenced' end
if record[1] == 'done' then
  redis.call('PEXPIREAT', key, record[3])
  return 'already'
end
local expires = now + ARGV[3]
redis.call('HSET', key, 'state', 'done', 'answer', ARGV[2], 'completed', now, 'expires', expires)
redis.call('HDEL', key, 'lease')
expire_at(expires)
return 'recorded'`,
)

/** ARGV: owner, the state to leave the record in, how long to keep it. */
export const giveUpScript: Script = defineScript(
  'give-up',
  `${prelude}${expiry}
local record = redis.call('HMGET', key, 'state', 'owner')
if record[1] ~= 'running' or record[2] ~= ARGV[1] then return 0 end
local expires = now + ARGV[3]
redis.call('HSET', key, 'state', ARGV[2], 'expires', expires)
redis.call('HDEL', key, 'lease')
expire_at(expires)
return 1`,
)

/** ARGV: owner, lease. */
export const heartbeatScript: Script = defineScript(
  'heartbeat',
  `${prelude}
local record = redis.call('HMGET', key, 'state', 'owner')
if record[1] ~= 'running' or record[2] ~= ARGV[1] then return 0 end
redis.call('HSET', key, 'lease', now + ARGV[2])
return 1`,
)

/** ARGV: new owner, retention, and the answer if there is one. */
export const resolveScript: Script = defineScript(
  'resolve',
  `${prelude}${expiry}
if redis.call('HGET', key, 'state') ~= 'unknown' then return 0 end
local expires = now + ARGV[2]
redis.call('HSET', key, 'owner', ARGV[1], 'state', 'released', 'expires', expires)
if ARGV[3] then redis.call('HSET', key, 'state', 'done', 'answer', ARGV[3], 'completed', now) end
expire_at(expires)
return 1`,
)

/** Replies with state, attempt, and age, time to expiry and rest of the lease where they apply, then the answer. */
export const lookupScript: Script = defineScript(
  'lookup',
  `${prelude}
local record = redis.call('HMGET', key, 'state', 'attempt', 'created', 'expires', 'lease', 'answer')
local state, expires, lease = record[1], tonumber(record[4]), tonumber(record[5])
if not state or ((state == 'done' or state == 'released') and expires <= now) then return false end
return { state, tonumber(record[2]), now - record[3], expires and expires - now or false, lease and lease - now or false, record[6] }`,
)

/** KEYS: document, the counter of states. ARGV: the state it must be in, empty for none; its new text, absent to delete it. */
export const replaceDocumentScript: Script = defineScript(
  'replace document',
  `
if (redis.call('HGET', KEYS[1], 'state') or '') ~= ARGV[1] then return 0 end
local state = redis.call('INCR', KEYS[2])
if ARGV[2] then redis.call('HSET', KEYS[1], 'state', state, 'text', ARGV[2]) else redis.call('DEL', KEYS[1]) end
return state
`,
)
