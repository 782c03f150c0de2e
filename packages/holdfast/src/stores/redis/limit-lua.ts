// `rate-limit/decide.ts` in Lua, whose numbers are those of JavaScript, in pieces that scripts are put together from. They are text and not
// functions: Lua would make each function anew whenever the script runs, and a script's time goes into making things.
//
// ARGV[1] is a list of numbers: the time unless the server's counts, then for each owner how many items it has, and of each item two that
// are the script's own and its meter: 0, rate, unit, burst, ceiling, or 1, limit, windowMs, ceiling, or 2, limit, ceiling, how many starts,
// start, start ... The other arguments are the fields of all items. A field holds, as MessagePack, until when it is kept, and its state.

/** Makes `numbers` and `now`. */
export const readNumbers = `
local numbers = cjson.decode(ARGV[1])
local now = numbers[1]
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
`

/**
 * Reads one item, whose meter begins at `numbers[i]` and whose field holds `value`. Puts its state, as it is at `now`, behind `out[o]`:
 * level, ahead of a bucket, segment, c0 ... c12 of a window, used, ahead, end of a calendar, where a clock that went back is `ahead` of
 * `now`. Makes `kind`, `till` (until when the field is kept, 0 for none), `used` (of a window or period) and `begins` (of the period).
 */
export const readState = `
local kind, till, used, begins = numbers[i], 0, 0, 0
if kind == 0 then
  local level, ahead = 0, 0
  if value then
    local at, was
    till, level, at, was = cmsgpack.unpack(value)
    local unit = numbers[i + 2]
    if was ~= unit then level = math.min(math.ceil(level * unit / was), numbers[i + 4]) end
    if at > now then ahead = at - now else level = level - (now - at) * numbers[i + 1] end
    if level <= 0 then level, ahead = 0, 0 end
  end
  out[o + 1], out[o + 2] = level, ahead
elseif kind == 1 then
  local window = numbers[i + 2]
  local segment, is_kept = math.floor(now * 12 / window), false
  if value then
    local s = { cmsgpack.unpack(value) }
    till = s[1]
    local newest, was = s[2], s[3]
    local latest = math.floor(now * 12 / was)
    for passed = math.max(newest + 1, latest - 12), latest do s[4 + passed % 13] = 0 end
    out[o + 1] = math.max(newest, latest)
    for slot = 4, 16 do
      local tokens = s[slot]
      used = used + tokens
      out[o + slot - 2] = tokens
    end
    is_kept = was == window and (latest >= newest or used > 0)
  end
  if not is_kept then
    used = math.min(used, numbers[i + 3])
    out[o + 1] = segment
    for slot = 2, 14 do out[o + slot] = 0 end
    out[o + 2 + segment % 13] = used
  end
else
  local at, ends = now, math.huge
  if value then
    local tokens, since, due
    till, tokens, since, due = cmsgpack.unpack(value)
    local latest = math.max(since, now)
    if tokens > 0 and latest < due then used, at, ends = tokens, latest, due end
  end
  local first, last = i + 4, i + 3 + numbers[i + 3]
  if at >= numbers[last] then
    local length = numbers[last] - numbers[last - 1]
    begins = numbers[last] + math.floor((at - numbers[last]) / length) * length
    ends = math.min(ends, begins + length)
  else
    local place = last - 1
    while place > first and numbers[place] > at do place = place - 1 end
    begins = numbers[place]
    ends = math.min(ends, numbers[place + 1])
  end
  out[o + 1], out[o + 2], out[o + 3] = used, at - now, ends
end
`

/**
 * Adds the field of an item to `writes`, its state to be found behind `out[o]`. A field, and the key with it, is kept longer than needed,
 * so that the expiry need not be looked at each time.
 */
export const addWrite = `
local needed
if kind == 0 then
  needed = now + out[o + 2] + math.ceil(out[o + 1] / numbers[i + 1])
elseif kind == 1 then
  needed = math.ceil((out[o + 1] + 13) * numbers[i + 2] / 12)
else
  needed = out[o + 3]
end
needed = needed + 1000
if needed > till then
  grew = grew or till == 0
  till = math.ceil(needed + (needed - now) / 4) + 10000
  keep = math.max(keep, till)
end
size = size + 2
writes[size - 1] = ARGV[field]
if kind == 0 then
  writes[size] = cmsgpack.pack(till, out[o + 1], now + out[o + 2], numbers[i + 2])
elseif kind == 1 then
  writes[size] = cmsgpack.pack(till, out[o + 1], numbers[i + 2], unpack(out, o + 2, o + 14))
else
  writes[size] = cmsgpack.pack(till, out[o + 1], now + out[o + 2], out[o + 3])
end
`

/**
 * Writes what was added for `key`. A counter that is new to its owner makes room for itself: owners may have any number of counters in the
 * course of time.
 */
export const write = `
if size > 0 then
  redis.call('HSET', key, unpack(writes))
  if keep > 0 and redis.call('PTTL', key) < keep - now then redis.call('PEXPIRE', key, string.format('%.0f', keep - now)) end
  if grew and redis.call('HLEN', key) > 16 then
    local some = redis.call('HRANDFIELD', key, 2, 'WITHVALUES')
    for n = 1, #some, 2 do
      if cmsgpack.unpack(some[n + 1]) <= now then redis.call('HDEL', key, some[n]) end
    end
  end
end
`

/** Goes on to the next item. */
export const nextItem = `
if kind == 0 then
  o, i = o + 2, i + 5
elseif kind == 1 then
  o, i = o + 14, i + 4
else
  o, i = o + 3, i + 4 + numbers[i + 3]
end
field = field + 1
`
