import { AssertionError } from 'node:assert'
import { isLive } from '../../idempotency/decide.ts'
import type { KeyRecord } from '../../idempotency/record.ts'
import type { IdempotencyStore } from '../../idempotency/store.ts'
import { agrees, outcomeToText } from './agrees.ts'
import { decisionsOn } from './model.ts'
import type { Circumstances, KeyOperation } from './model.ts'
import { createNames } from './names.ts'
import { toText } from './operation.ts'
import type { Operation } from './operation.ts'
import { perform, scopeOf } from './perform.ts'
import type { Outcome, TestTime } from './perform.ts'

/** How a store left the model: what was sent and answered so far, the answer that was wrong last. */
interface Disagreement {
  readonly lines: readonly string[]
  readonly sent: number
}

/**
 * Replays a history on a store and on the model, one operation after the other. A disagreement is made as short as possible, which
 * takes nothing but more replays since each uses new keys, and thrown.
 */
export async function replay(store: IdempotencyStore, history: readonly Operation[], time: TestTime, origin: string): Promise<void> {
  const first = await findDisagreement(store, history, time)
  if (first === undefined) return
  const shortest = await shorten(store, history.slice(0, first.sent), time)
  const { lines } = (await findDisagreement(store, shortest, time)) ?? first
  const headline = `the store does not follow decide.ts (${origin}, shortened from ${first.sent} to ${shortest.length} operations):`
  throw new AssertionError({ message: [headline, ...lines].join('\n') })
}

async function shorten(store: IdempotencyStore, history: readonly Operation[], time: TestTime): Promise<readonly Operation[]> {
  let shortest = history
  for (let index = history.length - 2; index >= 0; index--) {
    const shorter = shortest.toSpliced(index, 1)
    if ((await findDisagreement(store, shorter, time)) !== undefined) shortest = shorter
  }
  return shortest.length < history.length ? shorten(store, shortest, time) : shortest
}

async function findDisagreement(store: IdempotencyStore, history: readonly Operation[], time: TestTime): Promise<Disagreement | undefined> {
  const names = createNames()
  const records = new Map<number, KeyRecord>()
  const lines: string[] = []

  for (const operation of history) {
    const line = `  ${lines.length + 1}. ${toText(operation)} ->`
    try {
      const observed = await perform(store, operation, names, time)
      lines.push(`${line} ${outcomeToText(observed)}`)
      const expected = judge(operation, observed)
      if (expected !== undefined) return { lines: [...lines, `     expected ${expected}`], sent: lines.length }
    } catch (error) {
      return { lines: [...lines, `${line} rejected: ${String(error)}`], sent: lines.length + 1 }
    }
  }
  return undefined

  /** Says what was expected, when the store gave something else. */
  function judge(operation: Operation, observed: Outcome): string | undefined {
    if (operation.kind === 'advance') return undefined
    if (operation.kind === 'collect') return isCount(observed, operation.limit) ? undefined : `a number from 0 to ${operation.limit}`
    const now = time.now()
    return follow(operation, observed, { names, now, others: othersOf(operation.key, now) })
  }

  function follow(operation: KeyOperation, observed: Outcome, circumstances: Circumstances): string | undefined {
    const decisions = decisionsOn(records.get(operation.key), operation, circumstances)
    const match = decisions.find(({ verdict }) => agrees(observed, verdict))
    if (match === undefined) return [...new Set(decisions.map(({ verdict }) => outcomeToText(verdict)))].join(' or ')
    if (match.record === undefined) records.delete(operation.key)
    else records.set(operation.key, match.record)
    return undefined
  }

  function othersOf(key: number, now: number): readonly number[] {
    const others = [...records].filter(([other]) => other !== key && scopeOf(other) === scopeOf(key)).map(([, record]) => record)
    const live = others.filter((record) => isLive(record, now)).length
    return Array.from({ length: others.length - live + 1 }, (_, expired) => live + expired)
  }
}

function isCount(observed: Outcome, limit: number): boolean {
  return typeof observed === 'number' && Number.isSafeInteger(observed) && observed >= 0 && observed <= limit
}
