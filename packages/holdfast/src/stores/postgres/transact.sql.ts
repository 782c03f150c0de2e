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

/** An instant as milliseconds since the epoch. */
export const millisecondsOf = (instant: string): string => `(extract(epoch FROM ${instant}) * 1000)`
const hex = (column: string): string => `encode(k.${column}, 'hex')`

/** A record as JSON, read by `toRecord`. `version` changes with every change to the row. */
export const recordJson: string = `json_build_object(
    'state', k.state, 'scope', k.scope, 'fingerprint', k.fingerprint, 'owner', k.owner, 'attempt', k.attempt, 'lease', ${millisecondsOf('k.lease_until')},
    'progress', ${hex('progress')}, 'answer', ${hex('answer')}, 'created', ${millisecondsOf('k.created_at')}, 'completed', ${millisecondsOf('k.completed_at')},
    'expires', ${millisecondsOf('k.expires_at')}, 'version', k.xmin::text)`

/** Reads the store's time and a record. `id` must be SQL. */
export function selectRecord(names: Names, id: string): string {
  return `SELECT ${millisecondsOf('clock_timestamp()')}::text AS now, (SELECT ${recordJson}::text FROM ${names.records} k WHERE k.id = ${id}) AS record`
}

/** When the transaction began, in microseconds: a whole number, which no setting of a session writes differently. */
export const beganSql: string = `(date_part('epoch', now()) * 1000000)::bigint`

/**
 * The start of a transaction: takes the key's lock, then looks whether there is a record. The look is a statement of its own, after the
 * lock, so that it sees what the lock's last holder committed. Says `locked began now live record`, the last as JSON or nothing.
 *
 * A procedure, and not a function: CALL is not planned and runs no query of its own. A new key, which is what most calls bring, reads no column
 * and makes no JSON. With `finishNewProcedure` that spares a twelfth of what Postgres spends on a keyed call.
 */
export function beginProcedure(names: Names): string {
  return `
CREATE OR REPLACE PROCEDURE ${names.begin}(p_id text, p_scope text, p_quota bigint, INOUT said text) LANGUAGE plpgsql AS $$
DECLARE
  locked boolean := pg_try_advisory_xact_lock(${names.lock('key', 'p_id')});
  record text;
  live bigint := 0;
BEGIN
  PERFORM FROM ${names.records} k WHERE k.id = p_id;
  IF FOUND THEN
    SELECT ${recordJson} INTO record FROM ${names.records} k WHERE k.id = p_id;
  END IF;
  IF p_quota IS NOT NULL THEN
    SELECT count(*) INTO live FROM (
      SELECT FROM ${names.records} k
      WHERE k.scope = p_scope AND k.id <> p_id AND (k.state IN ('running', 'unknown') OR k.expires_at IS NULL OR k.expires_at > clock_timestamp())
      LIMIT p_quota
    ) counted;
  END IF;
  said := concat(locked, ' ', ${beganSql}, ' ', date_part('epoch', clock_timestamp()) * 1000, ' ', live, ' ', record);
END $$`
}

const checkEnd = `
  IF ${beganSql} <> p_began THEN RAISE EXCEPTION 'the transaction was ended early' USING ERRCODE = '${conditions.ended}'; END IF;
  IF current_setting('synchronous_commit') = 'off' THEN PERFORM set_config('synchronous_commit', 'on', true); END IF;`

const insertDone = (names: Names, attempt: string): string =>
  `INSERT INTO ${names.records} AS k (id, scope, fingerprint, state, owner, attempt, created_at, completed_at, expires_at, answer)
  VALUES (p_id, p_scope, p_fingerprint, 'done', p_owner, ${attempt}, now(), t, t + p_retention * interval '1 millisecond', p_answer)`

/**
 * The end of a transaction whose start saw no record, which is what most are: records the answer, or raises, which undoes the handler's effects. A
 * record made meanwhile fails the INSERT, which is cheaper than ON CONFLICT. It is a procedure of its own because every argument
 * costs, and answers nothing: not even a row has to be described, sent and read.
 */
export function finishNewProcedure(names: Names): string {
  return `
CREATE OR REPLACE PROCEDURE ${names.finishNew}(
  p_id text, p_scope text, p_fingerprint text, p_owner text, p_began bigint, p_answer bytea, p_retention float8
) LANGUAGE plpgsql AS $$
DECLARE
  t timestamptz := clock_timestamp();
BEGIN${checkEnd}
  ${insertDone(names, '1')};
END $$`
}

/**
 * The end of any other transaction. `p_version` is the row version the start saw, NULL for none. Anything that happened to the record since
 * then makes the transaction void.
 */
export function finishProcedure(names: Names): string {
  return `
CREATE OR REPLACE PROCEDURE ${names.finish}(
  p_id text, p_scope text, p_fingerprint text, p_owner text, p_began bigint, p_answer bytea, p_retention float8, p_attempt integer, p_version text,
  p_continues boolean, p_quota bigint
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  t timestamptz;
BEGIN${checkEnd}
  IF p_quota IS NOT NULL AND NOT p_continues AND ${names.isFull}(p_id, p_scope, p_quota) THEN
    RAISE EXCEPTION 'the account has its quota of keys' USING ERRCODE = '${conditions.full}';
  END IF;
  t := clock_timestamp();
  IF p_version IS NULL THEN
    ${insertDone(names, 'p_attempt')};
    RETURN;
  END IF;
  ${insertDone(names, 'p_attempt')}
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
