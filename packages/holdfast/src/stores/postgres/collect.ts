import { ask } from './context.ts'
import type { Context } from './context.ts'
import { number } from './literal.ts'

/**
 * Deletes expired records. One process at a time: the others find the lock taken and leave the work to it. `statement_timestamp` and not
 * `clock_timestamp`, whose value may change within a statement, so that no index could find the rows.
 */
export async function collect(context: Context, limit: number): Promise<number> {
  const [row] = await ask(
    context,
    (names) => `
WITH elected AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(${names.lock('collect', "''")}) AS won),
gone AS (
  DELETE FROM ${names.records} WHERE id IN (
    SELECT id FROM ${names.records}
    WHERE (SELECT won FROM elected) AND expires_at <= statement_timestamp() AND state <> 'running'
    ORDER BY expires_at LIMIT ${number(limit)} FOR UPDATE SKIP LOCKED
  ) RETURNING 1
)
SELECT count(*)::integer AS gone FROM gone`,
  )
  return Number(row?.['gone'] ?? 0)
}
