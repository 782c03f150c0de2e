import { isHoldfastError, storeUnavailable } from '../../core/errors.ts'
import type { Context } from './context.ts'
import { isConnectionLoss } from './failure.ts'
import type { Session } from './session.ts'

/**
 * Runs a handler's part of a transaction. When it fails, the transaction is rolled back first, so that a retry finds the key free, and the
 * error passes through unchanged, unless it only says that the connection is gone.
 */
export async function runBody<T>(context: Context, session: Session, body: () => Promise<T>): Promise<T> {
  try {
    return await session.within(context.transactionTimeoutMs, 'a transaction', body())
  } catch (error) {
    if (!isConnectionLoss(error)) {
      await abort(session)
      throw error
    }
    // A handler may also fail because another service of its own is gone; this connection is asked.
    const isIntact = await abort(session)
    if (isIntact || isHoldfastError(error)) throw error
    throw storeUnavailable('the connection to Postgres was lost in the middle of a transaction; nothing was committed', error)
  }
}

/** Rolls back and gives the connection back, or destroys it when it cannot even do that: the server rolls back then. Never rejects. */
export async function abort(session: Session): Promise<boolean> {
  try {
    await session.script('ROLLBACK')
    session.release()
    return true
  } catch (error) {
    session.release(error)
    return false
  }
}

/** The handler committed or rolled back by itself, so that its effects and the record could not be one commit. */
export function endedEarly(cause: unknown): Error {
  return new Error('the handler ended the transaction it was given; leave BEGIN, COMMIT and ROLLBACK to Holdfast', { cause })
}
