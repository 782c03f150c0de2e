import { memoryOutbox } from '../memory/index.ts'
import type { OutboxStore } from '../store.ts'
import { assertSame, hour, newEntry, shapeOf, take } from './check.ts'

const ids = ['a', 'b', 'c', 'd', 'e']
const owners = ['w1', 'w2']
const lanes = [undefined, 'x', 'y']

/** Replays a random history on a store and on the decisions themselves, and compares what both say. */
export async function replayHistory(store: OutboxStore, seed: number): Promise<void> {
  const model = memoryOutbox({ clock: { now: () => 0, after: () => () => {} } })
  const chance = createChance(seed)
  const pick = <T>(of: readonly T[]): T => of[Math.floor(chance() * of.length)] as T
  // Time is over at once or never, so that the store's clock and the model's need not agree.
  const duration = (): number => pick([0, hour])
  for (let step = 0; step < 40; step++) {
    const [id, owner, lane, fresh, wait] = [pick(ids), pick(owners), pick(lanes), `fresh-${step}`, duration()]
    const operations: readonly [string, (on: OutboxStore) => Promise<unknown>][] = [
      ['add', async (on) => added(await on.add(newEntry(id, { lane, key: `key-${step}` }), 4))],
      ['add', async (on) => added(await on.add(newEntry(id, { lane, key: `key-${step}` }), 4))],
      ['take', async (on) => shapeOf(await on.take(take(owner, { leaseMs: wait, freshKey: fresh })))],
      ['take by id', async (on) => shapeOf(await on.take(take(owner, { id, leaseMs: wait, freshKey: fresh })))],
      ['take when keys are old', async (on) => shapeOf(await on.take(take(owner, { keyLifetimeMs: 0, freshKey: fresh })))],
      ['renew', (on) => on.renew(id, owner, wait)],
      ['settle done', async (on) => shapeOf(await on.settle(id, owner, { state: 'done', result: { status: 201 } }))],
      ['settle dead', async (on) => shapeOf(await on.settle(id, owner, { state: 'dead', result: { status: 400, code: 'c' } }))],
      ['settle unknown', async (on) => shapeOf(await on.settle(id, owner, { state: 'unknown', result: { error: 'e' } }))],
      ['settle pending', async (on) => shapeOf(await on.settle(id, owner, { state: 'pending', waitMs: wait, result: {} }))],
      ['retry', async (on) => shapeOf(await on.retry(id, fresh))],
      ['forget', (on) => on.forget(id)],
      ['prune', (on) => on.prune(wait)],
      ['next due', async (on) => dueness(await on.nextDueMs())],
    ]
    const [name, operation] = pick(operations)
    assertSame(await operation(store), await operation(model), `${name} ${id} by ${owner}, step ${step} of seed ${seed}`)
  }
  const all = async (on: OutboxStore): Promise<unknown> => (await on.list({ limit: 100 })).map((entry) => shapeOf(entry))
  assertSame(await all(store), await all(model), `all entries at the end of seed ${seed}`)
}

function added(result: Awaited<ReturnType<OutboxStore['add']>>): unknown {
  return result === 'full' ? result : { isNew: result.isNew, entry: shapeOf(result.entry) }
}

const dueness = (ms: number | undefined): string => (ms === undefined ? 'never' : ms > hour / 2 ? 'later' : 'now')

/** Numbers in [0, 1), the same for the same seed (xorshift). */
function createChance(seed: number): () => number {
  let state = (Math.imul(seed + 1, 0x9e3779b1) | 1) >>> 0
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state = (state ^ (state << 5)) >>> 0
    return state / 4_294_967_296
  }
}
