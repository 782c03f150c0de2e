import { isLive, toUnderWay } from '../../src/idempotency/decide.ts'
import type { Decision } from '../../src/idempotency/decide.ts'
import type { Claim, KeyRecord } from '../../src/idempotency/record.ts'
import type { IdempotencyStore, TransactionContext, TransactionEnd } from '../../src/idempotency/store.ts'
import type { Effects } from '../../src/testing/index.ts'
import { decisions } from './decisions.ts'
import type { Decisions } from './decisions.ts'

/** How the store around the decisions may be broken. */
export interface Flaws {
  /** Something is awaited between reading a record and writing it. */
  readonly isNotAtomic?: boolean
  /** What is kept of an answer. */
  readonly keep?: (answer: Uint8Array) => Uint8Array
  readonly countOthers?: (count: number) => number
  /** Effects of a transaction are written at once, whatever becomes of it. */
  readonly effectsAreEager?: boolean
  /** A transaction records its answer whatever its body decided. */
  readonly commitsAnyway?: boolean
  /** Effects that were to be undone stay. */
  readonly keepsRefusedEffects?: boolean
  /** A transaction's claim is written before the body runs, and stays. */
  readonly leavesClaim?: boolean
  /** Transactions of one key do not wait for each other. */
  readonly racingTransactions?: boolean
  readonly stepIgnoresVerdict?: boolean
  /** What a transaction does is not seen before it ends. */
  readonly hidesTransactions?: boolean
}

type Commit = Exclude<TransactionEnd, { commit: undefined }>

/** A correct store with every ability, as simple as can be: the decisions, a map and a queue. Then made wrong in one way. */
export function modelStore(
  changes: Partial<Decisions> = {},
  flaws: Flaws = {},
): { readonly store: IdempotencyStore; readonly effects: Effects } {
  const decide = { ...decisions, ...changes }
  const records = new Map<string, KeyRecord>()
  const rows: string[] = []
  const underWay = new Set<Claim>()
  let queue: Promise<unknown> = Promise.resolve()
  const now = (): number => Date.now()

  function write(id: string, record: KeyRecord | undefined): void {
    if (record === undefined) records.delete(id)
    else records.set(id, record)
  }

  async function apply<Verdict>(id: string, make: (record: KeyRecord | undefined) => Decision<Verdict>): Promise<Verdict> {
    const { record, verdict } = make(records.get(id))
    if (flaws.isNotAtomic === true) for (let turn = 0; turn < 3; turn++) await Promise.resolve()
    write(id, record)
    return verdict
  }

  function othersOf(id: string, scope: string): number {
    const count = [...records.values()].filter((record) => record.id !== id && record.scope === scope && isLive(record, now())).length
    return flaws.countOthers?.(count) ?? count
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (flaws.racingTransactions === true) return work()
    const turn = queue.then(work)
    queue = turn.catch(() => undefined)
    return turn
  }

  async function runBody(body: (context: TransactionContext) => Promise<TransactionEnd>, attempt: number): Promise<Commit | undefined> {
    const written: string[] = flaws.effectsAreEager === true ? rows : []
    const end = await body({ transaction: written, attempt })
    if (end.commit === undefined && flaws.commitsAnyway !== true) return undefined
    const isUndone = end.commit !== undefined && end.undoEffects === true && flaws.keepsRefusedEffects !== true
    if (written !== rows && !isUndone) rows.push(...written)
    return end.commit === undefined ? { commit: new Uint8Array(0), retentionMs: 0 } : end
  }

  const store: IdempotencyStore = {
    name: 'model',
    guarantees: ['exactly-once', 'resumable', 'at-most-once', 'at-least-once'],
    durable: false,
    claim: (claim) => apply(claim.id, (record) => decide.claim(record, claim, now(), othersOf(claim.id, claim.scope))),
    complete: (completion) =>
      apply(completion.id, (record) =>
        decide.complete(record, { ...completion, answer: flaws.keep?.(completion.answer) ?? completion.answer }, now()),
      ),
    release: (id, owner, retentionMs) => apply(id, (record) => decide.release(record, owner, retentionMs, now())),
    abandon: (id, owner, retentionMs) => apply(id, (record) => decide.abandon(record, owner, retentionMs, now())),
    heartbeat: (id, owner, leaseMs) => apply(id, (record) => decide.heartbeat(record, owner, leaseMs, now())),
    resolve: (resolution) => apply(resolution.id, (record) => decide.resolve(record, resolution, now())),
    async lookup(id) {
      const snapshot = decide.lookup(records.get(id), now())
      const isUnderWay = flaws.hidesTransactions !== true && [...underWay].some((claim) => claim.id === id)
      return isUnderWay ? toUnderWay(snapshot) : snapshot
    },
    async collect(limit) {
      const expired = [...records.values()].filter((record) => decide.isCollectable(record, now())).slice(0, limit)
      for (const { id } of expired) records.delete(id)
      return expired.length
    },
    doctor: async () => [],
    transact: (claim, body) =>
      inTurn(async () => {
        if (claim === undefined) return (await runBody(body, 1)) === undefined ? { kind: 'rolled-back' } : { kind: 'committed' }
        const { record, verdict } = decide.claim(records.get(claim.id), claim, now(), othersOf(claim.id, claim.scope))
        if (verdict.kind !== 'acquired' || flaws.leavesClaim === true) write(claim.id, record)
        if (verdict.kind !== 'acquired') return verdict
        underWay.add(claim)
        const end = await runBody(body, verdict.attempt).finally(() => underWay.delete(claim))
        if (end === undefined) return { kind: 'rolled-back' }
        const completion = { id: claim.id, owner: claim.owner, answer: end.commit, retentionMs: end.retentionMs }
        write(claim.id, decide.complete(record, completion, now()).record)
        return { kind: 'committed' }
      }),
    step: (id, owner, body) =>
      inTurn(async () => {
        const written: string[] = []
        const progress = await body(written)
        const { record, verdict } = decide.step(records.get(id), owner, progress)
        write(id, record)
        if (verdict || flaws.stepIgnoresVerdict === true) rows.push(...written)
        return verdict ? true : undefined
      }),
  }
  const effects: Effects = {
    add: async (transaction, name) => void (transaction as string[]).push(name),
    count: async (name) => rows.filter((row) => row === name).length,
  }
  return { store, effects }
}
