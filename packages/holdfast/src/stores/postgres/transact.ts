import { storeUnavailable } from '../../core/errors.ts'
import { decideClaim, isLive } from '../../idempotency/decide.ts'
import type { Claim, ClaimVerdict } from '../../idempotency/record.ts'
import type { TransactionContext, TransactionEnd, TransactionVerdict } from '../../idempotency/store.ts'
import { peek, toTaken } from './claim.ts'
import { recoverCommit } from './commit-recovery.ts'
import type { Context } from './context.ts'
import { codeOf, isConnectionLoss, isOnTable, toUnavailable } from './failure.ts'
import { bytes, number, span, text } from './literal.ts'
import type { Names } from './names.ts'
import { splitAt, toRecord } from './record-row.ts'
import { openSession } from './session.ts'
import type { Session } from './session.ts'
import { beganSql, conditions } from './transact.sql.ts'
import { abort, endedEarly, runBody } from './transaction-body.ts'

/** The handler's part of a transaction. */
export type TransactionBody = (context: TransactionContext) => Promise<TransactionEnd>

/** What the start of a transaction learned. */
interface Begun {
  readonly session: Session
  readonly names: Names
  readonly isLocked: boolean
  /** The instant the transaction began; another one at the end means the handler ended it. */
  readonly began: string
  readonly version: string | undefined
  readonly verdict: ClaimVerdict
  /** The record became unknown by being looked at. */
  readonly becomesUnknown: boolean
  /** The answer goes into the life of a record that is there, not into a new one. */
  readonly continues: boolean
}

/** Claims the key, runs the body and commits its effects together with the answer: two round trips beyond the body's own. */
export async function transact(context: Context, claim: Claim, body: TransactionBody): Promise<TransactionVerdict> {
  const begun = await begin(context, claim)
  const { session, verdict } = begun
  if (verdict.kind !== 'acquired' || !begun.isLocked) return decline(begun, claim)
  const end = await runBody(context, session, () => body({ transaction: session.client, attempt: verdict.attempt }))
  if (end.commit === undefined) {
    await abort(session)
    return { kind: 'rolled-back' }
  }
  return finish(context, claim, begun, end)
}

async function begin(context: Context, claim: Claim): Promise<Begun> {
  try {
    const names = await context.ready()
    return await beginOn(context, names, claim).catch((error: unknown) => {
      // The pool may have handed out a connection that died unnoticed. Nothing has run yet, so another one is as good.
      if (isConnectionLoss(error) && codeOf(error) !== 'store-unavailable') return beginOn(context, names, claim)
      throw error
    })
  } catch (error) {
    throw toUnavailable(error)
  }
}

async function beginOn(context: Context, names: Names, claim: Claim): Promise<Begun> {
  const session = await openSession(context.pool, context.timeoutMs)
  try {
    const { id, scope, quota } = claim
    const results = await session.script(
      `BEGIN ISOLATION LEVEL ${context.isolation} READ WRITE; CALL ${names.begin}(${text(id)}, ${text(scope)}, ${number(quota)}, '')`,
    )
    const said = String(results.at(-1)?.rows[0]?.['said'])
    const [locked, began = '', now = '', live, json] = splitAt(said, 4)
    const found = toRecord(id, json === '' ? undefined : json)
    const decision = decideClaim(found?.record, claim, Number(now), Number(live))
    return {
      session,
      names,
      isLocked: locked === 't',
      began,
      version: found?.version,
      verdict: decision.verdict,
      becomesUnknown: decision.verdict.kind === 'unknown' && decision.record !== found?.record,
      continues: isLive(found?.record, Number(now)),
    }
  } catch (error) {
    session.release(error)
    throw error
  }
}

/** Gives up a transaction whose body may not run. */
async function decline({ session, names, isLocked, verdict, version, becomesUnknown }: Begun, claim: Claim): Promise<TransactionVerdict> {
  if (becomesUnknown) {
    const expires = `clock_timestamp() + ${span(claim.unknownRetentionMs)} * interval '1 millisecond'`
    const update = `UPDATE ${names.records} SET state = 'unknown', lease_until = NULL, expires_at = ${expires} WHERE id = ${text(claim.id)} AND xmin::text = ${text(version ?? '')}`
    try {
      await session.script(`${update}; COMMIT`)
      session.release()
    } catch (error) {
      session.release(error)
      throw toUnavailable(error)
    }
    return toTaken(verdict)
  }
  const ending = abort(session)
  // A finished key is answered from its record, lock or no lock: nobody needs to wait for this one to be let go.
  if (isLocked && verdict.kind !== 'done') await ending
  return toTaken(verdict)
}

async function finish(
  context: Context,
  claim: Claim,
  begun: Begun,
  end: Extract<TransactionEnd, { commit: Uint8Array }>,
): Promise<TransactionVerdict> {
  const { session, names, began, version, continues, verdict } = begun
  const attempt = verdict.kind === 'acquired' ? verdict.attempt : 1
  const { id, scope, fingerprint, owner, quota } = claim
  const isAlone = end.undoEffects === true
  const answered = `${text(id)}, ${text(scope)}, ${text(fingerprint)}, ${text(owner)}, ${isAlone ? beganSql : text(began)}, ${bytes(end.commit)}, ${span(end.retentionMs)}`
  const call =
    version === undefined && quota === undefined
      ? `CALL ${names.finishNew}(${answered})`
      : `CALL ${names.finish}(${answered}, ${attempt}, ${version === undefined ? 'NULL' : text(version)}, ${continues}, ${number(quota)})`
  // The key is free for a moment between the two transactions; whoever takes it meanwhile, one of the two answers is recorded.
  const restart = isAlone ? `ROLLBACK; BEGIN ISOLATION LEVEL ${context.isolation} READ WRITE; ` : ''
  try {
    await session.script(`${restart}${call}; COMMIT`)
    session.release()
    return { kind: 'committed' }
  } catch (error) {
    if (isConnectionLoss(error)) {
      session.release(error)
      return recoverCommit(context, names, claim, error)
    }
    await abort(session)
    return judgeRefusal(context, names, claim, error)
  }
}

/** The database refused to commit; nothing of this transaction is left. */
async function judgeRefusal(context: Context, names: Names, claim: Claim, error: unknown): Promise<TransactionVerdict> {
  switch (codeOf(error)) {
    case conditions.changed:
      return peek(context, claim)
    // Either a record was made meanwhile, or a deferred constraint of the handler's own failed.
    case '23505': {
      if (!isOnTable(error, names)) throw error
      return peek(context, claim)
    }
    case conditions.full:
      return { kind: 'quota' }
    // Under stricter isolation the record of a winner that committed meanwhile shows as a conflict, not as a row.
    case '40001': {
      const winner = await peek(context, claim)
      if (winner.kind !== 'running') return winner
      throw storeUnavailable(
        'the transaction conflicted with another one while it committed; nothing was committed, a retry is safe',
        error,
      )
    }
    case conditions.ended:
      throw endedEarly(error)
    default:
      throw error
  }
}
