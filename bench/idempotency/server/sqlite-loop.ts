// 64 callers of a SQLite file, without HTTP, in a process of its own
import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'
import { sqlite } from 'holdfast/sqlite'
import { answerParent, specOf } from '../../harness/answer-parent.ts'
import { watchEventLoop } from '../../harness/event-loop-delay.ts'
import type { LoopDelay } from '../../harness/event-loop-delay.ts'
import { createTransfers, insertTransfer } from './sqlite.ts'

/** What one go of a loop came to. */
export interface LoopResult {
  readonly perSecond: number
  readonly delay: LoopDelay
}

const { folder, callers, ms } = specOf<{ folder: string; callers: number; ms: number }>()
const store = sqlite(`${folder}/group.db`)
await store.write((database) => database.exec(createTransfers))
const plain = new DatabaseSync(`${folder}/plain.db`)
plain.exec(`PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; ${createTransfers}`)
const insertPlain = plain.prepare(insertTransfer)
const answer = new Uint8Array(250)

/** As the ids of keys are that carry their time. */
const timed = (random: string): string => `${Date.now().toString(16).padStart(12, '0')}${random}`

/** A claim, an effect, an answer: exactly once, durable when it resolves. */
async function exactlyOnce(idOf: (random: string) => string): Promise<void> {
  const id = randomUUID()
  const claim = {
    id: idOf(id),
    scope: 'account',
    fingerprint: 'fingerprint-of-the-call',
    owner: randomUUID(),
    leaseMs: 30_000,
    onOrphan: 'rerun',
    unknownRetentionMs: 2_592_000_000,
    retentionMs: 86_400_000,
  } as const
  const verdict = await store.idempotency.transact?.(claim, async ({ transaction }) => {
    ;(transaction as DatabaseSync).prepare(insertTransfer).run(id, 'from', 'to', 1250)
    return { commit: answer, retentionMs: 86_400_000 }
  })
  if (verdict?.kind !== 'committed') throw new Error(`expected a commit, got ${verdict?.kind}`)
}

/** The effect alone, in a commit of its own; the loop gets its turn after each. */
async function oneCommit(): Promise<void> {
  insertPlain.run(randomUUID(), 'from', 'to', 1250)
  await nextTurn()
}

async function loop(count: number, work: () => Promise<void>): Promise<LoopResult> {
  const unwatch = watchEventLoop()
  const startedAt = performance.now()
  let calls = 0
  const caller = async (): Promise<void> => {
    while (performance.now() - startedAt < ms) {
      await work()
      calls++
    }
  }
  await Promise.all(Array.from({ length: count }, caller))
  return { perSecond: calls / ((performance.now() - startedAt) / 1000), delay: unwatch() }
}

async function idle(): Promise<LoopDelay> {
  const unwatch = watchEventLoop()
  await new Promise((resolve) => setTimeout(resolve, ms))
  return unwatch()
}

answerParent({}, (question) => {
  if (question === 'idle') return idle()
  if (question === 'plain') return loop(1, oneCommit)
  return loop(callers, () => exactlyOnce(question === 'group' ? timed : (random) => random))
})
