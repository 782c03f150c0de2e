import { setImmediate as turn } from 'node:timers/promises'
import { seededRandom } from '../seeded-random.ts'
import { judgeWalk } from './judge.ts'

/** One page, as a walk sees it. */
export interface WalkedPage {
  /** The ids of its items, in their order. */
  readonly ids: readonly string[]
  readonly next: string | undefined
  readonly prev: string | undefined
}

/** Changes to the list while it is walked. Each is committed when it resolves. */
export interface WalkChurn {
  /** Adds a row, anywhere in the order; gives its id. */
  insert(random: () => number): Promise<string>
  remove(id: string): Promise<void>
  /** Gives a row other sort keys. */
  rekey?(id: string, random: () => number): Promise<void>
}

/** A walk, and what goes on meanwhile. */
export interface WalkOptions {
  /** Reads a page: of your API over HTTP, or of a reader. */
  readonly page: (ask: { readonly cursor: string | undefined; readonly limit: number }) => Promise<WalkedPage>
  /** Ids of rows that nobody changes, in the order of the list. */
  readonly stable: readonly string[]
  readonly limit: number
  readonly churn?: WalkChurn
  /** Ids of other rows that are there at the start, which the churn may change and delete. @default none */
  readonly volatile?: readonly string[]
  /** How many writers change the list at once. @default 3 */
  readonly writers?: number
  /** The most rows the churn keeps, so that the walk can end. @default 200 */
  readonly mostVolatile?: number
  /** Repeats the writers' choices, not their timing. @default 1 */
  readonly seed?: number
  /** More pages than this are a loop. @default twice what all rows need, and 50 */
  readonly mostPages?: number
}

/** What a walk came to. */
export interface WalkReport {
  /** Empty when the guarantee was kept, forwards and back. */
  readonly violations: readonly string[]
  readonly pages: number
  /** Inserts, deletes and key changes during the walk. */
  readonly changes: number
}

/**
 * Walks a list to its end and back to its beginning while writers insert, delete and change rows, and says where it broke what a list promises:
 * rows that stay as they are appear exactly once each way, and in order.
 *
 * @example
 * const report = await walkList({
 *   page: httpPages('http://127.0.0.1:3000/transfers?sort=created_at', { headers: { authorization: 'Bearer key' } }),
 *   stable: ids, limit: 7, churn: { insert: addTransfer, remove: deleteTransfer },
 * })
 * expect(report.violations).toEqual([])
 */
export async function walkList(options: WalkOptions): Promise<WalkReport> {
  const { page, stable, limit, churn, volatile = [], writers = 3, mostVolatile = 200, seed = 1 } = options
  const mostPages = options.mostPages ?? 50 + (2 * (stable.length + volatile.length + mostVolatile)) / limit
  const known = new Set([...stable, ...volatile])
  const rekeyed = new Set<string>()
  const alive = [...volatile]
  let isOver = false
  let changes = 0
  let pages = 0

  async function write({ insert, remove, rekey }: WalkChurn, random: () => number): Promise<void> {
    while (!isOver) {
      const choice = random()
      const victim = alive.length > 0 ? alive.splice(Math.floor(random() * alive.length), 1)[0] : undefined
      if (victim !== undefined && (choice < 0.3 || alive.length >= mostVolatile)) await remove(victim)
      else if (victim !== undefined && choice < 0.6 && rekey !== undefined) {
        // Noted before it happens: the walk may meet the row at any moment from now on.
        rekeyed.add(victim)
        await rekey(victim, random)
        alive.push(victim)
      } else {
        if (victim !== undefined) alive.push(victim)
        const id = await insert(random)
        known.add(id)
        alive.push(id)
      }
      changes += 1
      await turn()
    }
  }

  /** Reads pages one way until there are no more. */
  async function walk(first: WalkedPage, way: 'next' | 'prev'): Promise<{ ids: string[]; last: WalkedPage; violations: string[] }> {
    const ids = way === 'next' ? [...first.ids] : []
    let last = first
    for (let read = 0; last[way] !== undefined; read++) {
      if (read > mostPages) return { ids, last, violations: [`${way}: more than ${Math.ceil(mostPages)} pages: the walk does not end`] }
      last = await page({ cursor: last[way], limit })
      pages += 1
      if (last.ids.length > limit) return { ids, last, violations: [`a page of ${last.ids.length} for a limit of ${limit}`] }
      if (way === 'next') ids.push(...last.ids)
      else ids.unshift(...last.ids)
      await turn()
    }
    return { ids, last, violations: [] }
  }

  const random = (writer: number): (() => number) => seededRandom(seed * 1000 + writer)
  const writing = churn === undefined ? [] : Array.from({ length: writers }, (_, writer) => write(churn, random(writer)))
  const failure = new Promise<never>((_resolve, reject) => writing.forEach((writer) => void writer.catch(reject)))
  const walking = async () => {
    const forward = await walk(await page({ cursor: undefined, limit }), 'next')
    return { forward, back: forward.last.prev === undefined ? undefined : await walk(forward.last, 'prev') }
  }
  try {
    const { forward, back } = await Promise.race([walking(), failure])
    isOver = true
    // Judged when all writes have returned: the walk may have met a row whose insert had not.
    await Promise.all(writing)
    const judge = (ids: readonly string[]): readonly string[] => judgeWalk(ids, { stable, rekeyed, known })
    const violations = [...forward.violations, ...judge(forward.ids)]
    if (back !== undefined) {
      const backwards = [...back.violations, ...judge([...back.ids, ...forward.last.ids])]
      violations.push(...backwards.map((found) => `back: ${found}`))
    }
    return { violations, pages: pages + 1, changes }
  } finally {
    isOver = true
    await Promise.allSettled(writing)
  }
}
