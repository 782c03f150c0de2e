import type { Clock } from '../../core/clock.ts'
import type { HeaderReader } from '../../core/fields.ts'

/** Where a caller stands under one limit. */
export interface Standing {
  readonly name: string
  /** Calls that are left. */
  readonly remaining: number
  /** Until there are more, milliseconds. */
  readonly resetMs: number
  /** The most there can be left at once, where the server says so. */
  readonly capacity: number | undefined
}

/** Longer fields are not read: they cost more than they can tell. */
const longestField = 2_048

const item = /\s*("(?:[^"\\]|\\.)*"|[\w.*-]+)((?:\s*;\s*[\w.*-]+(?:=(?:"(?:[^"\\]|\\.)*"|[^\s;,"]+))?)*)\s*(?:,|$)/y
const wholeNumber = /^\d{1,15}$/

/** The names of the older dialects. */
const olderNames = ['ratelimit-', 'x-ratelimit-', 'x-rate-limit-'].map((prefix) =>
  ['', 'remaining', 'reset', 'limit'].map((name) => prefix + name),
)

/**
 * Reads what an answer says about limits, in all dialects: `RateLimit: "name";r=5;t=10` (drafts 8 to 10; `a` and `w` in the next one), `limit=10,
 * remaining=5, reset=10` (draft 7), and `RateLimit-Remaining` or `X-RateLimit-Remaining` with `-Reset` and `-Limit` (older; a Reset that is a
 * date counts from the answer's own). What is malformed, or comes from a cache, says nothing.
 *
 * @example
 * readStandings(new Headers({ ratelimit: '"per-second";r=0;t=2' }), systemClock)
 */
export function readStandings(headers: HeaderReader, clock: Pick<Clock, 'now'>): readonly Standing[] {
  const field = headers.get('ratelimit')
  if (field !== null)
    return headers.has('age') ? [] : field.includes('remaining=') ? ofDraft7(field) : ofDraft8(field, headers.get('ratelimit-policy'))
  for (const [prefix = '', name = '', reset = '', limit = ''] of olderNames) {
    const remaining = headers.get(name)
    if (remaining !== null && !headers.has('age'))
      return standing(prefix, remaining, resetOf(headers.get(reset), headers.get('date'), clock.now()), headers.get(limit))
  }
  return []
}

function standing(name: string, remaining: unknown, reset: unknown, capacity: unknown): Standing[] {
  if (!wholeNumber.test(String(remaining)) || !wholeNumber.test(String(reset))) return []
  const most = wholeNumber.test(String(capacity)) ? Number(capacity) : undefined
  return [{ name, remaining: Number(remaining), resetMs: Number(reset) * 1_000, capacity: most }]
}

function ofDraft7(field: string): Standing[] {
  const said = Object.fromEntries(field.split(',').map((part) => part.trim().split('=', 2)))
  return standing('', said['remaining'], said['reset'], said['limit'])
}

function ofDraft8(field: string, policy: string | null): Standing[] {
  const policies = readItems(policy ?? '')
  return readItems(field).flatMap(([name, said]) => {
    const declared = policies.find(([other]) => other === name)?.[1]
    const partition = said.get('pk') ?? ''
    return standing(
      name + partition,
      said.get('r') ?? said.get('a'),
      said.get('t') ?? said.get('w'),
      declared?.get('holdfast-burst') ?? declared?.get('q'),
    )
  })
}

type Item = readonly [string, ReadonlyMap<string, string>]

/** The items of a list with parameters (RFC 9651 section 3.1); nothing when it is none. Only what RateLimit fields use of it. */
function readItems(field: string): Item[] {
  if (field.length > longestField) return []
  const items: Item[] = []
  item.lastIndex = 0
  while (item.lastIndex < field.length) {
    const found = item.exec(field)
    if (found === null) return []
    const [, name = '', said = ''] = found
    const parameters = [...said.matchAll(/;\s*([\w.*-]+)(?:=("(?:[^"\\]|\\.)*"|[^\s;,"]+))?/g)]
    items.push([name, new Map(parameters.map(([, parameter = '', value = '']) => [parameter, value]))])
  }
  return items
}

/** Seconds until more are left. Some servers send the instant itself, in seconds or milliseconds since the epoch. */
function resetOf(reset: string | null, date: string | null, now: number): number | undefined {
  if (!/^\d{1,15}(\.\d+)?$/.test(String(reset))) return undefined
  const value = Number(reset)
  if (value < 1e9) return Math.ceil(value)
  const sentAt = Date.parse(date ?? '') || now
  const atMs = value < 1e12 ? value * 1_000 : value
  return Math.max(0, Math.ceil((atMs - sentAt) / 1_000))
}
