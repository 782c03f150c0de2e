import { storeUnavailable } from '../../core/errors.ts'
import { readAfterwards } from './commit-recovery.ts'
import type { Context } from './context.ts'
import { codeOf, isConnectionLoss, toUnavailable } from './failure.ts'
import { bytes, text } from './literal.ts'
import type { Names } from './names.ts'
import { toReading } from './record-row.ts'
import { openSession } from './session.ts'
import type { Session } from './session.ts'
import { conditions } from './transact.sql.ts'
import { abort, endedEarly, runBody } from './transaction-body.ts'

interface Begun {
  readonly session: Session
  readonly names: Names
  /** `undefined`: the key does not run under this owner. */
  readonly began: string | undefined
}

/** Runs one step of a resumable call and saves its progress in the same commit. */
export async function step(
  context: Context,
  id: string,
  owner: string,
  body: (transaction: unknown) => Promise<Uint8Array>,
): Promise<true | undefined> {
  const { session, names, began } = await begin(context, id, owner)
  if (began === undefined) {
    await abort(session)
    return undefined
  }
  const progress = await runBody(context, session, () => body(session.client))
  try {
    await session.script(`SELECT ${names.step}(${text(id)}, ${text(owner)}, ${text(began)}, ${bytes(progress)}); COMMIT`)
    session.release()
    return true
  } catch (error) {
    if (isConnectionLoss(error)) {
      session.release(error)
      return recoverStep(context, names, { id, owner, progress }, error)
    }
    await abort(session)
    if (codeOf(error) === conditions.changed) return undefined
    throw codeOf(error) === conditions.ended ? endedEarly(error) : error
  }
}

async function begin(context: Context, id: string, owner: string): Promise<Begun> {
  try {
    const names = await context.ready()
    const session = await openSession(context.pool, context.timeoutMs)
    // The row is not locked: it stays free for heartbeats while the step runs, and the end looks at the owner again. Under stricter
    // isolation a heartbeat in between would be a conflict, so there it waits instead. The key's lock is for `readAfterwards`.
    const lock = context.isolation === 'read committed' ? '' : ' FOR UPDATE'
    const look = `SELECT extract(epoch FROM now())::text AS began FROM ${names.records} WHERE id = ${text(id)} AND owner = ${text(owner)} AND state = 'running'${lock}`
    try {
      const results = await session.script(
        `BEGIN ISOLATION LEVEL ${context.isolation} READ WRITE; SELECT pg_advisory_xact_lock(${names.lock('key', text(id))}); ${look}`,
      )
      const row = results.at(-1)?.rows[0]
      return { session, names, began: row === undefined ? undefined : String(row['began']) }
    } catch (error) {
      session.release(error)
      throw error
    }
  } catch (error) {
    throw toUnavailable(error)
  }
}

async function recoverStep(
  context: Context,
  names: Names,
  { id, owner, progress }: { readonly id: string; readonly owner: string; readonly progress: Uint8Array },
  cause: unknown,
): Promise<true> {
  const { record } = toReading(id, await readAfterwards(context, names, id, cause))
  if (record?.owner === owner && record.progress !== undefined && Buffer.compare(record.progress, progress) === 0) return true
  throw storeUnavailable('the connection to Postgres was lost while it committed a step; nothing was committed', cause)
}
