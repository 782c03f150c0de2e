import { walkList } from 'holdfast/testing'
import type { WalkChurn, WalkReport } from 'holdfast/testing'
import { progress } from '../../harness/progress.ts'
import type { Row, Table } from '../../harness/report.ts'
import { account, orderOf } from '../database/place.ts'
import type { Place } from '../database/place.ts'
import { openPostgres } from '../database/postgres.ts'
import { keysAmong, makeAdded, makeRows, sorts } from '../database/rows.ts'
import { openSqlite } from '../database/sqlite.ts'
import type { Part, PartOptions } from '../part.ts'
import { drizzleOnPostgres, drizzleOnSqlite } from '../subjects/drizzle.ts'
import { holdfast } from '../subjects/holdfast.ts'
import { kyselyOnPostgres, kyselyOnSqlite } from '../subjects/kysely.ts'
import { offset } from '../subjects/offset.ts'
import type { Subject } from '../subjects/subject.ts'

const stableRows = 200
const volatileRows = 100
const stable = makeRows('stable', stableRows, stableRows)
const volatile = makeRows('volatile', volatileRows, stableRows)

/** What the walks of one sort by one subject came to. */
interface Tally {
  walks: number
  kept: number
  pages: number
  changes: number
  /** Stable rows that should have come, one way and, where there is one, back. */
  expected: number
  lost: number
  doubled: number
  misplaced: number
  endless: number
  failures: Set<string>
}

const newTally = (): Tally => ({
  walks: 0,
  kept: 0,
  pages: 0,
  changes: 0,
  expected: 0,
  lost: 0,
  doubled: 0,
  misplaced: 0,
  endless: 0,
  failures: new Set(),
})

function count(tally: Tally, { violations, pages, changes }: WalkReport): void {
  const having = (text: string): number => violations.filter((violation) => violation.includes(text)).length
  tally.pages += pages
  tally.changes += changes
  tally.kept += violations.length === 0 ? 1 : 0
  tally.lost += having('was never given')
  tally.doubled += violations.filter((violation) => /was given \d+ times/.test(violation)).length
  tally.misplaced += having('after a row that comes later')
  tally.endless += having('does not end') > 0 ? 1 : 0
}

const churnOf = (place: Place): WalkChurn => ({
  async insert(random) {
    const row = makeAdded(stableRows, random)
    await place.insert('volatile', [row])
    return row.id
  },
  remove: async (id) => void (await place.query('DELETE FROM wallets WHERE id = $1', [id])),
  rekey: (id, random) => place.update(id, keysAmong(stableRows, random)),
})

/** Walks of every size, each from the same rows. */
async function walkSizes(place: Place, subject: Subject, sort: string, { sizes, seed }: PartOptions): Promise<Tally> {
  const order = orderOf(sorts.get(sort) ?? [], subject.nulls)
  const sorted = await place.query(`SELECT id FROM wallets WHERE account = $1 AND kind = 'stable' ORDER BY ${order}`, [account])
  const ids = sorted.map(({ id }) => String(id))
  const pages = subject.pages(sort)
  const tally = newTally()
  for (const limit of sizes) {
    await place.query(`DELETE FROM wallets WHERE kind = 'volatile'`)
    await place.insert('volatile', volatile)
    let leadsBack = false
    tally.walks += 1
    try {
      const report = await walkList({
        page: async (ask) => {
          const page = await pages(ask)
          leadsBack ||= page.prev !== undefined
          return page
        },
        stable: ids,
        volatile: volatile.map(({ id }) => id),
        limit,
        churn: churnOf(place),
        seed: seed * 1000 + limit,
      })
      count(tally, report)
      for (const violation of report.violations.slice(0, subject.name === 'holdfast' ? 5 : 0))
        progress(`    BROKEN at size ${limit}: ${violation}`)
    } catch (error) {
      tally.failures.add((error as Error).message.slice(0, 120))
    }
    tally.expected += stableRows * (leadsBack ? 2 : 1)
  }
  return tally
}

const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`

function noteOf(name: string, tally: Tally): string {
  const { walks, expected, lost, doubled, misplaced, endless, failures } = tally
  const found = [
    endless > 0 && `${endless} of ${walks} walks do not end`,
    lost > 0 && `${lost} of ${expected} stable rows lost (${percent(lost / expected)})`,
    doubled > 0 && `${doubled} rows given twice or more`,
    misplaced > 0 && `${misplaced} out of order`,
    ...[...failures].map((failure) => `fails: ${failure}`),
  ]
  return `${name}: ${found.filter((one) => one !== false).join('; ')}`
}

async function compare(title: string, place: Place, subjects: readonly Subject[], options: PartOptions): Promise<Table> {
  const rows: Row[] = []
  const notes: string[] = []
  await place.insert('stable', stable)
  const total = newTally()
  for (const sort of sorts.keys()) {
    for (const subject of subjects) {
      const tally = await walkSizes(place, subject, sort, options)
      const name = `${subject.name}, ${sort}`
      const share = (100 * tally.kept) / tally.walks
      rows.push({
        name,
        measured: { median: share, min: share, max: share },
        ...(subject.name === 'holdfast' && { target: { atLeast: 100 } }),
      })
      if (tally.kept < tally.walks) notes.push(noteOf(name, tally))
      progress(`  ${title}, ${name}: ${tally.kept} of ${tally.walks} walks whole, ${tally.pages} pages, ${tally.changes} changes meanwhile`)
      if (subject.name === 'holdfast') for (const key of ['walks', 'pages', 'changes'] as const) total[key] += tally[key]
    }
  }
  notes.unshift(
    `${stableRows} rows that stay, ${volatileRows} to 200 that change; 3 writers; forwards and back (drizzle-cursor: forwards); seed ${options.seed}`,
    `holdfast: ${total.walks} walks, ${total.pages} pages, ${total.changes} inserts, deletes and key changes meanwhile`,
  )
  return { title: `${title}: walks that give each row that stays exactly once, in order`, unit: '% of walks', notes, rows }
}

/** Walks with writers beside: ours, those of query builders' helpers, and OFFSET. */
export const walk: Part = {
  name: 'walk',
  title: 'walks with three writers beside, of every page size and sort, on SQLite and Postgres',
  isPromise: true,
  async run(options) {
    const tables: Table[] = []
    const sqlite = await openSqlite()
    try {
      const subjects = [holdfast(sqlite), kyselyOnSqlite(sqlite.reader), drizzleOnSqlite(sqlite.reader), offset(sqlite)]
      tables.push(await compare('SQLite', sqlite, subjects, options))
    } finally {
      await sqlite.close()
    }
    const postgres = await openPostgres()
    try {
      const subjects = [holdfast(postgres), kyselyOnPostgres(postgres.pool), drizzleOnPostgres(postgres.pool), offset(postgres)]
      tables.push(await compare('Postgres', postgres, subjects, options))
    } finally {
      await postgres.close()
    }
    return tables
  },
}
