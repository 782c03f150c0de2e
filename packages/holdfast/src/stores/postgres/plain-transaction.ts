import type { TransactionVerdict } from '../../idempotency/store.ts'
import type { Context } from './context.ts'
import { isConnectionLoss, toUnavailable } from './failure.ts'
import { openSession } from './session.ts'
import type { Session } from './session.ts'
import type { TransactionBody } from './transact.ts'
import { abort, runBody } from './transaction-body.ts'

/** A transaction without a key: a call that sent none, on a route whose handler writes through one. */
export async function transactPlainly(context: Context, body: TransactionBody): Promise<TransactionVerdict> {
  const session = await begin(context)
  const end = await runBody(context, session, () => body({ transaction: session.client, attempt: 1 }))
  if (end.commit === undefined) {
    await abort(session)
    return { kind: 'rolled-back' }
  }
  try {
    // COMMIT after a failed statement is a silent ROLLBACK; the SELECT before it fails aloud.
    await session.script('SELECT 1; COMMIT')
    session.release()
    return { kind: 'committed' }
  } catch (error) {
    if (!isConnectionLoss(error)) {
      await abort(session)
      throw error
    }
    session.release(error)
    throw toUnavailable(error)
  }
}

async function begin({ pool, timeoutMs, isolation }: Context): Promise<Session> {
  try {
    const session = await openSession(pool, timeoutMs)
    await session.script(`BEGIN ISOLATION LEVEL ${isolation} READ WRITE`).catch((error: unknown) => {
      session.release(error)
      throw error
    })
    return session
  } catch (error) {
    throw toUnavailable(error)
  }
}
