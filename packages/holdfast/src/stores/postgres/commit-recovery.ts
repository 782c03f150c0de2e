import { isHoldfastError, storeUnavailable } from '../../core/errors.ts'
import { decideClaim } from '../../idempotency/decide.ts'
import type { Claim } from '../../idempotency/record.ts'
import type { TransactionVerdict } from '../../idempotency/store.ts'
import type { Context } from './context.ts'
import { text } from './literal.ts'
import type { Names } from './names.ts'
import { toReading } from './record-row.ts'
import type { Row } from './record-row.ts'
import { openSession } from './session.ts'
import { selectRecord } from './transact.sql.ts'

/**
 * The connection was lost after COMMIT was sent. The old session holds the key's lock until it is gone, so whoever gets the lock sees how it
 * ended. Throwing is always safe here: the record is in the same commit as the effects, and a retry finds it, or runs.
 */
export async function recoverCommit(context: Context, names: Names, claim: Claim, cause: unknown): Promise<TransactionVerdict> {
  const { record, now } = toReading(claim.id, await readAfterwards(context, names, claim.id, cause))
  if (record?.state === 'done' && record.owner === claim.owner) return { kind: 'committed' }
  if (record !== undefined) {
    const { verdict } = decideClaim(record, claim, now)
    if (verdict.kind !== 'acquired') return verdict
  }
  throw storeUnavailable('the connection to Postgres was lost while it committed; nothing was committed, a retry is safe', cause)
}

/** Waits until the session that held the key's lock is gone, then reads the record. */
export async function readAfterwards(context: Context, names: Names, id: string, cause: unknown): Promise<Row | undefined> {
  const deadline = Date.now() + context.timeoutMs
  for (;;) {
    try {
      return await readUnderLock(context, names, id)
    } catch (error) {
      // A restart closes the other connections of the pool, too: each try uses one of them up, or finds the server back.
      const isOver = Date.now() > deadline || (isHoldfastError(error) && error.code === 'store-unavailable')
      if (isOver)
        throw storeUnavailable(
          'the connection to Postgres was lost while it committed; a retry with the same key is safe and tells the outcome',
          cause,
        )
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

async function readUnderLock(context: Context, names: Names, id: string): Promise<Row | undefined> {
  const session = await openSession(context.pool, context.timeoutMs)
  try {
    const results = await session.script(
      `BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(${names.lock('key', text(id))}); ${selectRecord(names, text(id))}; COMMIT`,
    )
    session.release()
    return results.map(({ rows }) => rows[0]).find((row) => row !== undefined && 'record' in row)
  } catch (error) {
    session.release(error)
    throw error
  }
}
