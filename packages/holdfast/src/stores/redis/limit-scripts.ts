import type { Encoding } from './codec.ts'
import { addWrite, nextItem, readNumbers, readState, write } from './limit-lua.ts'
import { defineScript } from './scripts.ts'
import type { Script } from './scripts.ts'

// A table that grows past its room is made anew, and again at twice the size.
const room = 'nil, nil, nil, nil, nil, nil, nil, nil'

/**
 * KEYS: the owners. The two numbers of an item are its cost, and 1 for a shadow. Leaves in `out` what to reply: `now`, and the state of each
 * item, whose first number is below 0 (-1 for 0, -2 for 1) where the item does not fit.
 */
const take = `${readNumbers}
local out, o, i, field = { now, ${room} }, 1, 2, 2
local tills, admitted, debits = { ${room} }, true, false
for k = 1, #KEYS do
  local key, count = KEYS[k], numbers[i]
  i = i + 1
  local values = redis.call('HMGET', key, unpack(ARGV, field, field + count - 1))
  for j = 1, count do
    local cost, shadow, value = numbers[i], numbers[i + 1], values[j]
    i = i + 2
    ${readState}
    local fits
    if kind == 0 then
      local unit, burst = numbers[i + 2], numbers[i + 3]
      fits = cost <= burst and out[o + 1] + cost * unit <= burst * unit
    else
      fits = used + cost <= numbers[i + 1]
    end
    if not fits then
      out[o + 1] = -1 - out[o + 1]
      if shadow == 0 then admitted = false end
    end
    if cost > 0 then debits = true end
    tills[field] = till
    ${nextItem}
  end
end

if admitted and debits then
  o, i, field = 1, 2, 2
  for k = 1, #KEYS do
    local key, count = KEYS[k], numbers[i]
    i = i + 1
    local writes, size, keep, grew = { ${room} }, 0, 0, false
    for j = 1, count do
      local cost = numbers[i]
      i = i + 2
      local kind = numbers[i]
      if cost > 0 and out[o + 1] >= 0 then
        local till = tills[field]
        if kind == 0 then
          out[o + 1] = out[o + 1] + cost * numbers[i + 2]
        elseif kind == 1 then
          local slot = o + 2 + out[o + 1] % 13
          out[slot] = out[slot] + cost
        else
          out[o + 1] = out[o + 1] + cost
        end
        ${addWrite}
      end
      ${nextItem}
    end
    ${write}
  end
end
`

/** Takes, by how bytes travel. Drivers round numbers near 2^53, so as text they do not come as numbers. */
export const takeScripts: Readonly<Record<Encoding, Script>> = {
  binary: defineScript('take', `${take}return cmsgpack.pack(out)`),
  base64: defineScript('take', `${take}for n = 1, #out do out[n] = string.format('%.0f', out[n]) end\nreturn out`),
}

/**
 * KEYS: the owners, then the token's key if there is one. The number before those of the first owner says when the tokens were taken. The
 * two numbers of an item are its delta, and 0. Replies with a list: `applied`, `now`.
 *
 * Without a token it takes back what a refused take holds. A bucket has drained meanwhile, and might have been empty but for that: so
 * much is not given back, or the bucket would admit more than it promises.
 */
export const settleScript: Script = defineScript(
  'settle',
  `${readNumbers}
local taken, owners = numbers[2], numbers[3]
local token = KEYS[owners + 1]
if token and not redis.call('SET', token, '1', 'NX', 'PX', 120000) then return { 0, now } end
local out, o, i, field = {}, 0, 4, 2
for k = 1, owners do
  local key, count = KEYS[k], numbers[i]
  i = i + 1
  local values = redis.call('HMGET', key, unpack(ARGV, field, field + count - 1))
  local writes, size, keep, grew = {}, 0, 0, false
  for j = 1, count do
    local delta, value = numbers[i], values[j]
    i = i + 2
    ${readState}
    if kind == 0 then
      local level, ceiling = out[o + 1], numbers[i + 4]
      delta = delta * numbers[i + 2]
      if not token then delta = math.min(0, delta + math.max(0, now - taken) * numbers[i + 1]) end
      if delta < 0 then level = math.max(0, level + delta) else level = math.max(level, math.min(level + delta, ceiling)) end
      out[o + 1] = level
    elseif kind == 1 then
      local newest, segment = out[o + 1], math.floor(taken * 12 / numbers[i + 2])
      if delta > 0 then
        local slot = o + 2 + newest % 13
        out[slot] = out[slot] + math.max(0, math.min(delta, numbers[i + 3] - used))
      elseif segment <= newest and segment > newest - 13 then
        local slot = o + 2 + segment % 13
        out[slot] = math.max(0, out[slot] + delta)
      end
    elseif delta > 0 then
      out[o + 1] = math.max(used, math.min(used + delta, numbers[i + 2]))
    elseif taken >= begins then
      out[o + 1] = math.max(0, used + delta)
    end
    ${addWrite}
    ${nextItem}
  end
  ${write}
end
return { 1, now }`,
)
