import type { Names } from './names.ts'

const ms = "interval '1 millisecond'"

// A commit that does not wait for the disk may be lost after it was acknowledged: a lost claim is a second effect. Raised for the
// transaction at hand only, and only where it is off.
const waitForDisk = `
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;`

/**
 * Whether an account has its quota of live records, `p_id` not counted. Claims that come near the limit are counted one after the
 * other, so that they cannot pass it together; the margin is how many of one account may be under way unseen.
 */
export function isFullFunction(names: Names): string {
  const count = `
  SELECT count(*) INTO n FROM (
    SELECT FROM ${names.records} k
    WHERE k.scope = p_scope AND k.id <> p_id AND (k.state IN ('running', 'unknown') OR k.expires_at IS NULL OR k.expires_at > clock_timestamp())
    LIMIT p_quota
  ) counted;`
  return `
CREATE OR REPLACE FUNCTION ${names.isFull}(p_id text, p_scope text, p_quota bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  n bigint;
BEGIN${count}
  IF n + 200 < p_quota OR n >= p_quota THEN RETURN n >= p_quota; END IF;
  PERFORM pg_advisory_xact_lock(${names.lock('scope', 'p_scope')});${count}
  RETURN n >= p_quota;
END $$`
}

/**
 * decideClaim, in one round trip. The record is read without a lock first, so that a replay writes nothing; whatever would change
 * it is decided again under the row's lock. Every statement sees a fresh snapshot (READ COMMITTED), so a lost race is seen on the
 * next turn. Answers `kind attempt lease bytes`: one text costs the server half of what a row of
 * columns does, and no driver's parsers change it.
 */
export function claimFunction(names: Names): string {
  const take = `lease_until = t + p_lease * ${ms}`
  return `
CREATE OR REPLACE FUNCTION ${names.claim}(
  p_id text, p_scope text, p_fingerprint text, p_owner text, p_lease float8, p_rerun boolean, p_unknown_retention float8,
  p_retention float8, p_minted float8, p_quota bigint
) RETURNS text LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  r ${names.records}%ROWTYPE;
  t timestamptz;
  locked boolean := false;
BEGIN${waitForDisk}
  LOOP
    IF locked THEN
      SELECT * INTO r FROM ${names.records} k WHERE k.id = p_id FOR UPDATE;
    ELSE
      SELECT * INTO r FROM ${names.records} k WHERE k.id = p_id;
    END IF;
    t := clock_timestamp();

    IF r.id IS NULL OR (r.state IN ('done', 'released') AND r.expires_at <= t) THEN
      IF p_minted + p_retention < extract(epoch FROM t) * 1000 THEN RETURN 'expired'; END IF;
      IF p_quota IS NOT NULL AND ${names.isFull}(p_id, p_scope, p_quota) THEN RETURN 'quota'; END IF;
      t := clock_timestamp();
      IF r.id IS NULL THEN
        INSERT INTO ${names.records} (id, scope, fingerprint, state, owner, attempt, lease_until, created_at)
        VALUES (p_id, p_scope, p_fingerprint, 'running', p_owner, 1, t + p_lease * ${ms}, t)
        ON CONFLICT (id) DO NOTHING;
        IF FOUND THEN RETURN 'acquired 1 - -'; END IF;
        CONTINUE;
      END IF;
      IF NOT locked THEN locked := true; CONTINUE; END IF;
      UPDATE ${names.records} SET scope = p_scope, fingerprint = p_fingerprint, state = 'running', owner = p_owner, attempt = 1,
        ${take}, progress = NULL, answer = NULL, created_at = t, completed_at = NULL, expires_at = NULL
      WHERE id = p_id;
      RETURN 'acquired 1 - -';
    END IF;

    IF r.fingerprint <> p_fingerprint THEN RETURN 'mismatch'; END IF;
    IF r.state = 'done' THEN RETURN concat('done ', r.attempt, ' - ', encode(r.answer, 'hex')); END IF;
    IF r.state = 'unknown' THEN RETURN concat('unknown ', r.attempt, ' - -'); END IF;
    IF r.state = 'running' AND r.owner <> p_owner AND r.lease_until > t THEN
      RETURN concat('running ', r.attempt, ' ', extract(epoch FROM r.lease_until - t) * 1000, ' -');
    END IF;

    IF NOT locked THEN locked := true; CONTINUE; END IF;
    IF r.state = 'running' AND r.owner = p_owner THEN
      UPDATE ${names.records} SET ${take} WHERE id = p_id;
    ELSIF r.state = 'running' AND NOT p_rerun THEN
      UPDATE ${names.records} SET state = 'unknown', lease_until = NULL, expires_at = t + p_unknown_retention * ${ms} WHERE id = p_id;
      RETURN concat('unknown ', r.attempt, ' - -');
    ELSE
      r.attempt := r.attempt + 1;
      UPDATE ${names.records} SET scope = p_scope, state = 'running', owner = p_owner, attempt = r.attempt,
        ${take}, answer = NULL, completed_at = NULL, expires_at = NULL
      WHERE id = p_id;
    END IF;
    RETURN concat('acquired ', r.attempt, ' - ', coalesce(encode(r.progress, 'hex'), '-'));
  END LOOP;
END $$`
}

/** decideComplete. The second look is a statement of its own: only a fresh snapshot sees what a repeat waited for. */
export function completeFunction(names: Names): string {
  return `
CREATE OR REPLACE FUNCTION ${names.complete}(p_id text, p_owner text, p_answer bytea, p_retention float8) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  t timestamptz := clock_timestamp();
BEGIN${waitForDisk}
  UPDATE ${names.records} SET state = 'done', answer = p_answer, progress = NULL, lease_until = NULL, completed_at = t, expires_at = t + p_retention * ${ms}
  WHERE id = p_id AND owner = p_owner AND state IN ('running', 'unknown');
  IF FOUND THEN RETURN 'recorded'; END IF;
  PERFORM FROM ${names.records} WHERE id = p_id AND owner = p_owner AND state = 'done';
  IF FOUND THEN RETURN 'already'; END IF;
  RETURN 'fenced';
END $$`
}
