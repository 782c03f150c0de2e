import type { Row, Table } from '../../harness/report.ts'
import { progress } from '../../harness/progress.ts'
import type { Overheard } from '../database/overhear.ts'
import { openPostgres } from '../database/postgres.ts'
import { makeRows, sorts } from '../database/rows.ts'
import { openSqlite } from '../database/sqlite.ts'
import type { Place } from '../database/place.ts'
import type { Part } from '../part.ts'
import { drizzleOnPostgres, drizzleOnSqlite } from '../subjects/drizzle.ts'
import { holdfast } from '../subjects/holdfast.ts'
import { kyselyOnPostgres, kyselyOnSqlite } from '../subjects/kysely.ts'
import { offset } from '../subjects/offset.ts'
import type { Subject } from '../subjects/subject.ts'

const limit = 20
/** What a page at depth may cost of what page one costs. */
const target = { atMost: 3 }

/** What running one statement came to. */
interface Cost {
  readonly value: number
  /** Parts of the plan that are no range of an index. */
  readonly flaws: readonly string[]
}

type Weigh = (statement: Overheard) => Promise<Cost>

interface Plan {
  readonly 'Node Type': string
  readonly 'Index Cond'?: string
  readonly 'Shared Hit Blocks': number
  readonly 'Shared Read Blocks': number
  readonly Plans?: readonly Plan[]
}

function flawsOf(plan: Plan): string[] {
  const { 'Node Type': type, Plans: below = [] } = plan
  const isRange = type.startsWith('Index') && plan['Index Cond'] !== undefined
  const own = type.endsWith('Sort') || (type.endsWith('Scan') && below.length === 0 && !isRange) ? [type] : []
  return [...own, ...below.flatMap((one) => flawsOf(one))]
}

/** Buffers that Postgres touched: the same in every run, however busy the machine. */
const buffers =
  (place: Place): Weigh =>
  async ({ text, values }) => {
    const [row] = await place.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, values)
    const [{ Plan: plan }] = (row as Record<string, unknown>)['QUERY PLAN'] as [{ Plan: Plan }]
    return { value: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'], flaws: flawsOf(plan) }
  }

/** The shortest of many runs, microseconds: what else the machine does only adds. */
const shortest =
  (place: Place): Weigh =>
  async ({ text, values }) => {
    const plan = await place.query(`EXPLAIN QUERY PLAN ${text}`, values)
    const flaws = plan.filter(({ detail, parent }) => {
      // Some rows of two branches are put in order at the end: that is no sort of the table.
      const besides = plan.filter((one) => one['parent'] === parent).map((one) => String(one['detail']))
      return (
        String(detail).startsWith('SCAN wallets') ||
        (String(detail).includes('TEMP B-TREE') && besides.some((one) => /^(SEARCH|SCAN) wallets/.test(one)))
      )
    })
    let best = Number.POSITIVE_INFINITY
    for (let run = 0; run < 40; run++) {
      const startedAt = performance.now()
      await place.query(text, values)
      best = Math.min(best, (performance.now() - startedAt) * 1000)
    }
    return { value: best, flaws: flaws.map(({ detail }) => String(detail)) }
  }

interface Bench {
  readonly place: Place
  readonly subjects: readonly Subject[]
  readonly last: () => Overheard
  readonly weigh: Weigh
  readonly unit: string
}

async function compare(title: string, { place, subjects, last, weigh, unit }: Bench, rows: number): Promise<Table> {
  const depth = Math.floor(rows / 2)
  await place.insert('stable', makeRows('stable', rows, rows))
  await place.query(place.dialect === 'postgres' ? 'VACUUM ANALYZE wallets' : 'ANALYZE')
  const result: Row[] = []
  const notes: string[] = []
  for (const sort of sorts.keys()) {
    for (const subject of subjects) {
      const pages = subject.pages(sort)
      const isOurs = subject.name === 'holdfast'
      await pages({ cursor: undefined, limit })
      const first = await weigh(last())
      // One long page leads there; OFFSET has numbers for cursors.
      const { next } = subject.name === 'OFFSET' ? { next: String(depth) } : await pages({ cursor: undefined, limit: depth })
      const at = async (way: string, cursor: string | undefined): Promise<string | undefined> => {
        const { prev } = await pages({ cursor, limit })
        const { value, flaws } = await weigh(last())
        const [ratio, name] = [value / first.value, `${subject.name}, ${sort}${way}`]
        const spread = (one: number) => ({ median: one, min: one, max: one })
        result.push({ name, measured: spread(value), ratio: spread(ratio), ...(isOurs && { target }) })
        const found = [...new Set([...first.flaws, ...flaws])]
        if (found.length > 0) notes.push(`${name}: not a range of an index: ${found.join(', ')}`)
        if (isOurs && found.length > 0)
          result.push({ name: `${name}: branches that are no range`, measured: spread(found.length), target: { atMost: 0 } })
        return prev
      }
      const prev = await at('', next)
      if (isOurs) await at(', back', prev)
    }
    progress(`  ${title}, ${sort}`)
  }
  notes.unshift(`ratio: to page one of the same sort; ${rows} rows, pages of ${limit}`)
  return { title: `${title}: the page at depth ${depth}`, unit, notes, rows: result }
}

/** What a page in the middle costs. */
export const depth: Part = {
  name: 'depth',
  title: 'page one and the page in the middle: buffers of Postgres, time of SQLite',
  isPromise: true,
  async run({ rows = 100_000 }) {
    const postgres = await openPostgres()
    const tables: Table[] = []
    try {
      const subjects = [holdfast(postgres), kyselyOnPostgres(postgres.pool), drizzleOnPostgres(postgres.pool), offset(postgres)]
      const bench = { place: postgres, subjects, last: postgres.last, weigh: buffers(postgres), unit: 'buffers' }
      tables.push(await compare('Postgres', bench, rows))
    } finally {
      await postgres.close()
    }
    const sqlite = await openSqlite()
    try {
      const subjects = [holdfast(sqlite), kyselyOnSqlite(sqlite.reader), drizzleOnSqlite(sqlite.reader), offset(sqlite)]
      tables.push(await compare('SQLite', { place: sqlite, subjects, last: sqlite.last, weigh: shortest(sqlite), unit: 'us' }, rows))
    } finally {
      await sqlite.close()
    }
    return tables
  },
}
