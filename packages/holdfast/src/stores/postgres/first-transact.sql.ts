import type { Names } from './names.ts'
import { conditions, millisecondsOf, recordJson } from './transact.sql.ts'

// The start and the end of a transaction as the first schema has them: code of that age goes on calling them in a database that newer code made.
// What they do and answer never changes.

/**
 * The start of a transaction: takes the key's lock, then looks at the record. The look is a statement of its own, after the lock, so
 * that it sees what the lock's last holder committed. Answers `locked began now live record`, the last as JSON or nothing.
 */
export function firstBeginFunction(names: Names): string {
  return `
CREATE OR REPLACE FUNCTION ${names.beginFirst}(p_id text, p_scope text, p_quota bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  locked boolean := pg_try_advisory_xact_lock(${names.lock('key', 'p_id')});
  record text;
  live bigint := 0;
BEGIN
  SELECT ${recordJson} INTO record FROM ${names.records} k WHERE k.id = p_id;
  IF p_quota IS NOT NULL THEN
    SELECT count(*) INTO live FROM (
      SELECT FROM ${names.records} k
      WHERE k.scope = p_scope AND k.id <> p_id AND (k.state IN ('running', 'unknown') OR k.expires_at IS NULL OR k.expires_at > clock_timestamp())
      LIMIT p_quota
    ) counted;
  END IF;
  RETURN concat(locked, ' ', extract(epoch FROM now()), ' ', ${millisecondsOf('clock_timestamp()')}, ' ', live, ' ', record);
END $$`
}

/**
 * The end of a transaction: records the answer, or raises, which undoes the handler's effects. `p_version` is the row version the
 * start saw, NULL for none: then a record made meanwhile fails the INSERT, which is cheaper than ON CONFLICT. Anything that happened to
 * the record since the start makes the transaction void.
 */
export function firstFinishFunction(names: Names): string {
  const insert = `INSERT INTO ${names.records} AS k (id, scope, fingerprint, state, owner, attempt, created_at, completed_at, expires_at, answer)
  VALUES (p_id, p_scope, p_fingerprint, 'done', p_owner, p_attempt, now(), t, t + p_retention * interval '1 millisecond', p_answer)`
  return `
CREATE OR REPLACE FUNCTION ${names.finishFirst}(
  p_id text, p_scope text, p_fingerprint text, p_owner text, p_attempt integer, p_began text, p_version text, p_continues boolean,
  p_answer bytea, p_retention float8, p_quota bigint
) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  t timestamptz;
BEGIN
  IF extract(epoch FROM now())::text <> p_began THEN RAISE EXCEPTION 'the transaction was ended early' USING ERRCODE = '${conditions.ended}'; END IF;
  IF current_setting('synchronous_commit') = 'off' THEN PERFORM set_config('synchronous_commit', 'on', true); END IF;
  IF p_quota IS NOT NULL AND NOT p_continues AND ${names.isFull}(p_id, p_scope, p_quota) THEN
    RAISE EXCEPTION 'the account has its quota of keys' USING ERRCODE = '${conditions.full}';
  END IF;
  t := clock_timestamp();
  IF p_version IS NULL THEN
    ${insert};
    RETURN;
  END IF;
  ${insert}
  ON CONFLICT (id) DO UPDATE SET scope = excluded.scope, fingerprint = excluded.fingerprint, state = 'done', owner = excluded.owner,
    attempt = excluded.attempt, lease_until = NULL, progress = NULL, answer = excluded.answer, completed_at = excluded.completed_at,
    expires_at = excluded.expires_at, created_at = CASE WHEN p_continues THEN k.created_at ELSE excluded.created_at END
  WHERE k.xmin::text = p_version;
  IF NOT FOUND THEN RAISE EXCEPTION 'the record changed' USING ERRCODE = '${conditions.changed}'; END IF;
END $$`
}
