import type { PostgresPool, PostgresResult } from './driver.ts'
import { toUnavailable } from './failure.ts'
import type { Names } from './names.ts'
import { runScript } from './session.ts'

/** How strictly a handler's transaction is kept apart from others. */
export type Isolation = 'read committed' | 'repeatable read' | 'serializable'

/** What every operation of one store needs. */
export interface Context {
  readonly pool: PostgresPool
  /** The longest one message of the store's own may take. */
  readonly timeoutMs: number
  /** The longest a handler's transaction may stay open. */
  readonly transactionTimeoutMs: number
  readonly isolation: Isolation
  /** Resolves when the tables are there, and tells their names. */
  ready(): Promise<Names>
}

/** Sends one statement of the store's own. Whatever goes wrong means the store is unavailable. */
export async function ask(context: Context, statement: (names: Names) => string): Promise<PostgresResult['rows']> {
  try {
    const names = await context.ready()
    const [result] = await runScript(context.pool, context.timeoutMs, statement(names))
    return result?.rows ?? []
  } catch (error) {
    throw toUnavailable(error)
  }
}
