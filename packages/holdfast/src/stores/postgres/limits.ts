import type { LimitStore, Meter, SettleResult, TakeResult } from '../../rate-limit/store.ts'
import { storeUnavailable } from '../../core/index.ts'
import { limitNameOf, toName } from '../limit-name.ts'
import { meterNumbers } from '../meter-numbers.ts'
import { ask } from './context.ts'
import type { Context } from './context.ts'
import { collectLimitsStatement } from './limits.sql.ts'
import { number, text } from './literal.ts'

/** What of an operation a function is given as arrays, and where each of the sorted items was. */
interface Sorted<Item> {
  readonly items: readonly Item[]
  readonly places: readonly number[]
  /** Owners, counters, meters and where each meter begins. */
  readonly values: string
}

interface Named {
  readonly owner: string
  readonly counter: string
  readonly meter: Meter
}

const serverTime = '(extract(epoch FROM statement_timestamp()) * 1000)::bigint'

/**
 * Keeps counters in Postgres: one function call an operation, exact over any number of processes, by the server's clock.
 *
 * @param virtualNow replaces the server's clock in tests
 */
export function postgresLimits(context: Context, virtualNow?: () => number): LimitStore & Required<Pick<LimitStore, 'collect'>> {
  const now = (): string => (virtualNow === undefined ? 'NULL' : number(virtualNow()))
  return {
    name: 'postgres',
    async take(items) {
      if (items.length === 0) return { admitted: true, now: virtualNow?.() ?? Date.now(), items: [] }
      const { values, places, items: sorted } = sort(items)
      const costs = list(sorted.map(({ cost }) => String(cost)))
      const shadows = list(sorted.map(({ shadow }) => (shadow ? 't' : 'f')))
      const [row] = await ask(context, ({ limitTake }) => `SELECT ${limitTake}(${values}, ${costs}, ${shadows}, ${now()}) AS said`)
      return toTakeResult(row?.['said'], places)
    },
    async settle({ token, takenAt, items }) {
      const { values, items: sorted } = sort(items)
      const deltas = list(sorted.map(({ delta }) => String(delta)))
      const [row] = await ask(
        context,
        ({ limitSettle }) => `SELECT ${limitSettle}(${text(toName(token))}, ${number(takenAt)}, ${values}, ${deltas}, ${now()}) AS said`,
      )
      return toSettleResult(row?.['said'])
    },
    async collect(limit) {
      const [row] = await ask(context, (names) =>
        collectLimitsStatement(names, number(limit), virtualNow === undefined ? serverTime : number(virtualNow())),
      )
      return Number(row?.['gone'] ?? 0)
    },
  }
}

/** One order for everybody, so that no two of them can each hold a row the other waits for. */
function sort<Item extends Named>(items: readonly Item[]): Sorted<Item> {
  const named = items.map((item, place) => ({ item, place, name: limitNameOf(item) }))
  if (named.length > 1) named.sort((a, b) => compare(a.name.owner, b.name.owner) || compare(a.name.counter, b.name.counter))
  const starts = [1]
  const meters = named.flatMap(({ item }) => {
    const numbers = meterNumbers(item.meter)
    starts.push((starts.at(-1) as number) + numbers.length)
    return numbers
  })
  const names = (of: 'owner' | 'counter'): string => `ARRAY[${named.map(({ name }) => text(name[of])).join(',')}]::text[]`
  return {
    items: named.map(({ item }) => item),
    places: named.map(({ place }) => place),
    values: `${names('owner')}, ${names('counter')}, ${list(meters.map(String))}, ${list(starts.map(String))}`,
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const list = (values: readonly string[]): string => `'{${values.join(',')}}'`

function toTakeResult(said: unknown, places: readonly number[]): TakeResult {
  const [admitted, now, ...parts] = toWords(said, places.length + 2)
  const standings = parts.map((part, index) => {
    const [fits, state = ''] = part.split(':')
    return { place: places[index] as number, standing: { fits: fits === '1', state: state.split(',').map(Number) } }
  })
  standings.sort((a, b) => a.place - b.place)
  return { admitted: admitted === '1', now: Number(now), items: standings.map(({ standing }) => standing) }
}

function toSettleResult(said: unknown): SettleResult {
  const [applied, now] = toWords(said, 2)
  return { applied: applied === '1', now: Number(now) }
}

function toWords(said: unknown, count: number): readonly string[] {
  const words = typeof said === 'string' ? said.split(' ') : []
  if (words.length !== count) throw storeUnavailable(`Postgres answered with ${JSON.stringify(said)} where counters were asked for`)
  return words
}
