import type { Names } from './names.ts'

/** Conditions the functions of a transaction raise, as SQLSTATEs of a class Postgres leaves to users. */
export const conditions = {
  /** The record changed since the transaction looked at it. */
  changed: 'HF001',
  /** The handler ended the transaction it was given. */
  ended: 'HF002',
  /** The account's quota was used up meanwhile. */
  full: 'HF003',
} as const

/** The columns of a record as `toRecord` reads them. One word each: some drivers are told to rename columns with underscores. */
export const recordColumns: readonly (readonly [name: string, type: string, expression: string])[] = [
  ['state', 'text', 'k.state'],
  ['scope', 'text', 'k.scope'],
  ['fingerprint', 'text', 'k.fingerprint'],
  ['owner', 'text', 'k.owner'],
  ['attempt', 'integer', 'k.attempt'],
  ['lease', 'float8', '(extract(epoch FROM k.lease_until) * 1000)::float8'],
  ['progress', 'bytea', 'k.progress'],
  ['answer', 'bytea', 'k.answer'],
  ['created', 'float8', '(extract(epoch FROM k.created_at) * 1000)::float8'],
  ['completed', 'float8', '(extract(epoch FROM k.completed_at) * 1000)::float8'],
  ['expires', 'float8', '(extract(epoch FROM k.expires_at) * 1000)::float8'],
  ['version', 'text', 'k.xmin::text'],
]

const now = '(extract(epoch FROM clock_timestamp()) * 1000)::float8'

/** Reads a record and the store's time. `id` must be SQL. */
export function selectRecord(names: Names, id: string): string {
  const list = recordColumns.map(([name, , expression]) => `${expression} AS "${name}"`).join(', ')
  return `SELECT ${now} AS "now", ${list} FROM ${names.records} k WHERE k.id = ${id}`
}

/**
 * The start of a transaction: takes the key's lock, then looks at the record. The look is a statement of its own, after the lock, so
 * that it sees what the lock's last holder committed.
 */
export function beginFunction(names: Names): string {
  const outs = recordColumns.map(([name, type]) => `OUT "${name}" ${type}`).join(', ')
  return `
CREATE OR REPLACE FUNCTION ${names.begin}(p_id text, p_scope text, p_quota bigint, OUT locked boolean, OUT began text, OUT "now" float8, OUT live bigint, ${outs})
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  locked := pg_try_advisory_xact_lock(${names.lock('key', 'p_id')});
  SELECT ${recordColumns.map(([, , expression]) => expression).join(', ')}
  INTO ${recordColumns.map(([name]) => `"${name}"`).join(', ')}
  FROM ${names.records} k WHERE k.id = p_id;
  IF p_quota IS NOT NULL THEN
    SELECT count(*) INTO live FROM (
      SELECT FROM ${names.records} k
      WHERE k.scope = p_scope AND k.id <> p_id AND (k.state IN ('running', 'unknown') OR k.expires_at IS NULL OR k.expires_at > clock_timestamp())
      LIMIT p_quota
    ) counted;
  END IF;
  began := extract(epoch FROM now())::text;
  "now" := ${now};
END $$`
}

/**
 * The end of a transaction: records the answer, or raises, which undoes the handler's effects. `p_version` is the row version the
 * start saw, NULL for none; anything that happened to the record since then makes the transaction void.
 */
export function finishFunction(names: Names): string {
  return `
CREATE OR REPLACE FUNCTION ${names.finish}(
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
  INSERT INTO ${names.records} AS k (id, scope, fingerprint, state, owner, attempt, created_at, completed_at, expires_at, answer)
  VALUES (p_id, p_scope, p_fingerprint, 'done', p_owner, p_attempt, now(), t, t + p_retention * interval '1 millisecond', p_answer)
  ON CONFLICT (id) DO UPDATE SET scope = excluded.scope, fingerprint = excluded.fingerprint, state = 'done', owner = excluded.owner,
    attempt = excluded.attempt, lease_until = NULL, progress = NULL, answer = excluded.answer, completed_at = excluded.completed_at,
    expires_at = excluded.expires_at, created_at = CASE WHEN p_continues THEN k.created_at ELSE excluded.created_at END
  WHERE k.xmin::text = p_version;
  IF NOT FOUND THEN RAISE EXCEPTION 'the record changed' USING ERRCODE = '${conditions.changed}'; END IF;
END $$`
}

/** The end of a step: saves its progress if the key still runs under its owner, or raises, which undoes the step's effects. */
export function stepFunction(names: Names): string {
  return `
CREATE OR REPLACE FUNCTION ${names.step}(p_id text, p_owner text, p_began text, p_progress bytea) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF extract(epoch FROM now())::text <> p_began THEN RAISE EXCEPTION 'the transaction was ended early' USING ERRCODE = '${conditions.ended}'; END IF;
  IF current_setting('synchronous_commit') = 'off' THEN PERFORM set_config('synchronous_commit', 'on', true); END IF;
  UPDATE ${names.records} SET progress = p_progress WHERE id = p_id AND owner = p_owner AND state = 'running';
  IF NOT FOUND THEN RAISE EXCEPTION 'the lease was lost' USING ERRCODE = '${conditions.changed}'; END IF;
END $$`
}
