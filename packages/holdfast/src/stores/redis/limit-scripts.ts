import { defineScript } from './scripts.ts'
import type { Script } from './scripts.ts'

// `rate-limit/decide.ts` in Lua, whose numbers are those of JavaScript. A meter is {0, rate, unit, burst, capacity, ceiling},
// {1, limit, windowMs, ceiling} or {2, limit, ceiling, start, start ...}. A field holds when the counter is as good as absent, then its
// state. Numbers are printed in full: Lua would shorten large ones, and drivers round those that come as numbers.
const prelude = `
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local function print_number(number)
  return string.format('%.0f', number)
end

local function numbers(text)
  local list, size = {}, 0
  for number in string.gmatch(text, '%-?%d+') do
    size = size + 1
    list[size] = tonumber(number)
  end
  return list
end

local function used(s)
  local sum = 0
  for i = 3, 15 do sum = sum + s[i] end
  return sum
end

local function empty(segment, window)
  return { segment, window, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
end

local function period(m, t)
  local i = #m
  if t >= m[i] then
    local length = m[i] - m[i - 1]
    local start = m[i] + math.floor((t - m[i]) / length) * length
    return start, start + length
  end
  i = i - 1
  while i > 4 and m[i] > t do i = i - 1 end
  return m[i], m[i + 1]
end

local function state_at(m, s, t)
  if m[1] == 0 then
    if not s then return { 0, t, m[3] } end
    local level, since, gone = s[1], s[2], 0
    if s[3] ~= m[3] then level = math.min(math.ceil(level * m[3] / s[3]), m[6]) end
    if t > since then gone = (t - since) * m[2] end
    if gone >= level then return { 0, t, m[3] } end
    return { level - gone, math.max(since, t), m[3] }
  end
  if m[1] == 1 then
    local sum = 0
    if s then
      local segment = math.floor(t * 12 / s[2])
      if segment - s[1] >= 13 then
        s = empty(segment, s[2])
      elseif segment > s[1] then
        for passed = s[1] + 1, segment do s[3 + passed % 13] = 0 end
        s[1] = segment
      end
      sum = used(s)
      if s[2] == m[3] and (segment == s[1] or sum > 0) then return s end
    end
    local segment = math.floor(t * 12 / m[3])
    s = empty(segment, m[3])
    if sum > 0 then s[3 + segment % 13] = math.min(sum, m[4]) end
    return s
  end
  if s and s[1] > 0 then
    local latest = math.max(s[2], t)
    if latest < s[3] then
      local _, ends = period(m, latest)
      return { s[1], latest, math.min(s[3], ends) }
    end
  end
  local _, ends = period(m, t)
  return { 0, t, ends }
end

local function debit(m, s, cost)
  if m[1] == 0 then
    s[1] = s[1] + cost * m[3]
  elseif m[1] == 1 then
    local i = 3 + s[1] % 13
    s[i] = s[i] + cost
  else
    s[1] = s[1] + cost
  end
end

local function ttl(m, s)
  if m[1] == 0 then return math.max(0, s[2] - now) + math.ceil(s[1] / m[2]) + 1000 end
  if m[1] == 1 then return math.max(0, math.ceil((s[1] + 13) * s[2] / 12) - now) + 1000 end
  return math.max(0, s[3] - now) + 1000
end

local function decode(value)
  if not value then return nil end
  local s = numbers(value)
  table.remove(s, 1)
  return s
end

-- Keys are kept longer than needed, so that their expiry need not be set each time. A counter that is new to its owner makes room for
-- itself: owners may have any number of counters in the course of time.
local function save(key, writes, keep, grew)
  redis.call('HSET', key, unpack(writes))
  if redis.call('PTTL', key) < keep then redis.call('PEXPIRE', key, print_number(math.ceil(1.25 * keep) + 60000)) end
  if grew and redis.call('HLEN', key) > 16 then
    local some = redis.call('HRANDFIELD', key, 2, 'WITHVALUES')
    for i = 1, #some, 2 do
      if tonumber(string.match(some[i + 1], '^%d+')) <= now then redis.call('HDEL', key, some[i]) end
    end
  end
end

local function encode(m, s)
  local needed = ttl(m, s)
  local words = { print_number(now + needed) }
  for i = 1, #s do words[i + 1] = print_number(s[i]) end
  return table.concat(words, ' '), needed
end
`

/**
 * KEYS: the owners. ARGV: the time if the server's does not count, how many items each owner has, then of each item its field and
 * `cost shadow meter`. Replies `admitted now`, and of each item `fits size state`, as one text.
 */
export const takeScript: Script = defineScript(
  'take',
  `${prelude}
local items, size, admitted, debits = {}, 0, 1, false
local place = 1 + #KEYS
for k = 1, #KEYS do
  local count = tonumber(ARGV[1 + k])
  local fields = {}
  for j = 1, count do fields[j] = ARGV[place + 2 * j - 1] end
  local values = redis.call('HMGET', KEYS[k], unpack(fields))
  for j = 1, count do
    local cost, shadow, meter = string.match(ARGV[place + 2 * j], '^(%d+) (%d) (.*)$')
    local m = numbers(meter)
    cost = tonumber(cost)
    local s = state_at(m, decode(values[j]), now)
    local fits
    if m[1] == 0 then
      fits = cost <= m[4] and s[1] + cost * m[3] <= m[5]
    elseif m[1] == 1 then
      fits = used(s) + cost <= m[2]
    else
      fits = s[1] + cost <= m[2]
    end
    if not fits and shadow == '0' then admitted = 0 end
    if cost > 0 then debits = true end
    size = size + 1
    items[size] = { k, fields[j], m, s, cost, fits, not values[j] }
  end
  place = place + 2 * count
end

if admitted == 1 and debits then
  local i = 1
  while i <= size do
    local k = items[i][1]
    local writes, keep, grew = {}, 0, false
    while i <= size and items[i][1] == k do
      local _, field, m, s, cost, fits, is_new = unpack(items[i])
      if fits and cost > 0 then
        debit(m, s, cost)
        local value, needed = encode(m, s)
        writes[#writes + 1] = field
        writes[#writes + 1] = value
        keep = math.max(keep, needed)
        grew = grew or is_new
      end
      i = i + 1
    end
    if #writes > 0 then save(KEYS[k], writes, keep, grew) end
  end
end

local words = { print_number(admitted), print_number(now) }
for i = 1, size do
  local s = items[i][4]
  words[#words + 1] = items[i][6] and '1' or '0'
  words[#words + 1] = print_number(#s)
  for j = 1, #s do words[#words + 1] = print_number(s[j]) end
end
return table.concat(words, ' ')`,
)

/**
 * KEYS: the owners, then the token's key if there is one. ARGV: the time if the server's does not count, when the tokens were taken, how
 * many owners, how many items each has, then of each item its field and `delta meter`. Replies `applied now`.
 *
 * Without a token it takes back what a refused take holds. A bucket has drained meanwhile, and might have been empty but for that: so
 * much is not given back, or the bucket would admit more than it promises.
 */
export const settleScript: Script = defineScript(
  'settle',
  `${prelude}
local taken, owners = tonumber(ARGV[2]), tonumber(ARGV[3])
local token = KEYS[owners + 1]
if token and not redis.call('SET', token, '1', 'NX', 'PX', 120000) then return '0 ' .. print_number(now) end
local place = 3 + owners
for k = 1, owners do
  local count = tonumber(ARGV[3 + k])
  local fields = {}
  for j = 1, count do fields[j] = ARGV[place + 2 * j - 1] end
  local values = redis.call('HMGET', KEYS[k], unpack(fields))
  local writes, keep, grew = {}, 0, false
  for j = 1, count do
    local delta, meter = string.match(ARGV[place + 2 * j], '^(%-?%d+) (.*)$')
    local m = numbers(meter)
    delta = tonumber(delta)
    local s = state_at(m, decode(values[j]), now)
    if m[1] == 0 then
      delta = delta * m[3]
      if not token then delta = math.min(0, delta + math.max(0, now - taken) * m[2]) end
      if delta < 0 then s[1] = math.max(0, s[1] + delta) else s[1] = math.max(s[1], math.min(s[1] + delta, m[6])) end
    elseif m[1] == 1 and delta > 0 then
      debit(m, s, math.max(0, math.min(delta, m[4] - used(s))))
    elseif m[1] == 1 then
      local segment = math.floor(taken * 12 / m[3])
      local i = 3 + segment % 13
      if segment <= s[1] and segment > s[1] - 13 then s[i] = math.max(0, s[i] + delta) end
    elseif delta > 0 then
      s[1] = math.max(s[1], math.min(s[1] + delta, m[3]))
    elseif taken >= period(m, s[2]) then
      s[1] = math.max(0, s[1] + delta)
    end
    local value, needed = encode(m, s)
    writes[#writes + 1] = fields[j]
    writes[#writes + 1] = value
    keep = math.max(keep, needed)
    grew = grew or not values[j]
  end
  save(KEYS[k], writes, keep, grew)
  place = place + 2 * count
end
return '1 ' .. print_number(now)`,
)
