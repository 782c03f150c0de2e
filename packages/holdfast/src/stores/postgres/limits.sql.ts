import type { Names } from './names.ts'

/**
 * `rate-limit/decide.ts` in SQL. All arithmetic is in `float8`, the very numbers of JavaScript, so that products too large for whole numbers
 * round alike; what is kept is whole.
 *
 * A meter is `{0, rate, unit, burst, capacity, ceiling}`, `{1, limit, windowMs, ceiling}` or `{2, limit, ceiling, start, start ...}`. An
 * empty state is none.
 */
function stateFunctions({ limitPeriod, limitUsed, limitAt, limitFits, limitDebited, limitSettled, limitTtl }: Names): string[] {
  return [
    `
CREATE OR REPLACE FUNCTION ${limitPeriod}(m float8[], t float8) RETURNS float8[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  i integer := cardinality(m);
  len float8 := m[i] - m[i - 1];
  first float8;
BEGIN
  IF t >= m[i] THEN
    first := m[i] + floor((t - m[i]) / len) * len;
    RETURN ARRAY[first, first + len];
  END IF;
  i := i - 1;
  WHILE i > 4 AND m[i] > t LOOP i := i - 1; END LOOP;
  RETURN ARRAY[m[i], m[i + 1]];
END $$`,
    `
CREATE OR REPLACE FUNCTION ${limitUsed}(s float8[]) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  used float8 := 0;
BEGIN
  FOR i IN 3..15 LOOP used := used + s[i]; END LOOP;
  RETURN used;
END $$`,
    `
CREATE OR REPLACE FUNCTION ${limitAt}(m float8[], s float8[], t float8) RETURNS float8[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  isNew boolean := cardinality(s) = 0;
  x float8;
  gone float8 := 0;
  segment float8;
  used float8;
BEGIN
  IF m[1] = 0 THEN
    IF isNew THEN RETURN ARRAY[0, t, m[3]]; END IF;
    x := s[1];
    IF s[3] <> m[3] THEN x := least(ceil(x * m[3] / s[3]), m[6]); END IF;
    IF t > s[2] THEN gone := (t - s[2]) * m[2]; END IF;
    IF gone >= x THEN RETURN ARRAY[0, t, m[3]]; END IF;
    RETURN ARRAY[x - gone, greatest(s[2], t), m[3]];
  ELSIF m[1] = 1 THEN
    IF NOT isNew THEN
      segment := floor(t * 12 / s[2]);
      IF segment > s[1] THEN
        IF segment - s[1] >= 13 THEN
          s := ARRAY[segment, s[2]] || array_fill(0::float8, ARRAY[13]);
        ELSE
          FOR passed IN 1..(segment - s[1])::integer LOOP s[3 + (s[1]::bigint + passed) % 13] := 0; END LOOP;
          s[1] := segment;
        END IF;
      END IF;
      used := ${limitUsed}(s);
      IF s[2] = m[3] AND (segment >= s[1] OR used > 0) THEN RETURN s; END IF;
    END IF;
    segment := floor(t * 12 / m[3]);
    s := ARRAY[segment, m[3]] || array_fill(0::float8, ARRAY[13]);
    IF used > 0 THEN s[3 + segment::bigint % 13] := least(used, m[4]); END IF;
    RETURN s;
  ELSE
    IF NOT isNew AND s[1] > 0 THEN
      x := greatest(s[2], t);
      IF x < s[3] THEN RETURN ARRAY[s[1], x, least(s[3], (${limitPeriod}(m, x))[2])]; END IF;
    END IF;
    RETURN ARRAY[0, t, (${limitPeriod}(m, t))[2]];
  END IF;
END $$`,
    `
CREATE OR REPLACE FUNCTION ${limitFits}(m float8[], s float8[], cost float8) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF m[1] = 0 THEN RETURN cost <= m[4] AND s[1] + cost * m[3] <= m[5]; END IF;
  IF m[1] = 1 THEN RETURN ${limitUsed}(s) + cost <= m[2]; END IF;
  RETURN s[1] + cost <= m[2];
END $$`,
    `
CREATE OR REPLACE FUNCTION ${limitDebited}(m float8[], s float8[], cost float8) RETURNS float8[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  i integer := CASE WHEN m[1] = 1 THEN 3 + s[1]::bigint % 13 ELSE 1 END;
BEGIN
  s[i] := s[i] + CASE WHEN m[1] = 0 THEN cost * m[3] ELSE cost END;
  RETURN s;
END $$`,
    `
CREATE OR REPLACE FUNCTION ${limitSettled}(m float8[], s float8[], delta float8, taken float8) RETURNS float8[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  segment float8;
  i integer := 1;
BEGIN
  IF m[1] = 0 THEN
    delta := delta * m[3];
    s[1] := CASE WHEN delta < 0 THEN greatest(0, s[1] + delta) ELSE greatest(s[1], least(s[1] + delta, m[6])) END;
  ELSIF m[1] = 1 AND delta > 0 THEN
    RETURN ${limitDebited}(m, s, greatest(0, least(delta, m[4] - ${limitUsed}(s))));
  ELSIF m[1] = 1 THEN
    segment := floor(taken * 12 / m[3]);
    IF segment > s[1] OR segment <= s[1] - 13 THEN RETURN s; END IF;
    i := 3 + segment::bigint % 13;
    s[i] := greatest(0, s[i] + delta);
  ELSIF delta > 0 THEN
    s[1] := greatest(s[1], least(s[1] + delta, m[3]));
  ELSIF taken >= (${limitPeriod}(m, s[2]))[1] THEN
    s[1] := greatest(0, s[1] + delta);
  END IF;
  RETURN s;
END $$`,
    `
CREATE OR REPLACE FUNCTION ${limitTtl}(m float8[], s float8[], t float8) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF m[1] = 0 THEN RETURN greatest(0, s[2] - t) + ceil(s[1] / m[2]) + 1000; END IF;
  IF m[1] = 1 THEN RETURN greatest(0, ceil((s[1] + 13) * s[2] / 12) - t) + 1000; END IF;
  RETURN greatest(0, s[3] - t) + 1000;
END $$`,
  ]
}

const clock = 'floor(extract(epoch FROM clock_timestamp()) * 1000)::float8'

/** A counter in use would move in the index at every call, and could not be updated in place: it is kept longer than needed, and moves seldom. */
const keepMs = (needed: string): string => `ceil(1.25 * (${needed})) + 600000`

const write = (names: Names): string => `
      needed := ${names.limitTtl}(m, s, t);
      UPDATE ${names.limits} l SET state = s::bigint[], expires_at = CASE WHEN t + needed > l.expires_at THEN t + ${keepMs('needed')} ELSE l.expires_at END
      WHERE l.owner = p_owners[i] AND l.counter = p_counters[i];`

/** Locks a counter, and makes it where there is none. Rows are locked in the order given, which is the same for everybody. */
const lock = (names: Names): string => `
        LOOP
          SELECT l.state INTO kept FROM ${names.limits} l WHERE l.owner = p_owners[i] AND l.counter = p_counters[i] FOR UPDATE;
          EXIT WHEN FOUND;
          INSERT INTO ${names.limits} (owner, counter, state, expires_at) VALUES (p_owners[i], p_counters[i], '{}', 0) ON CONFLICT DO NOTHING;
          kept := '{}';
          EXIT WHEN FOUND;
        END LOOP;`

/**
 * A take. Counters are first read without locks: what is refused, or only looks, writes nothing and waits for nobody. Whatever would be
 * debited is decided again under the rows' locks. Answers `admitted now`, then `fits:state` of each item.
 */
function takeFunction(names: Names): string {
  return `
CREATE OR REPLACE FUNCTION ${names.limitTake}(
  p_owners text[], p_counters text[], p_meters float8[], p_starts integer[], p_costs float8[], p_shadows boolean[], p_now float8
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  locked boolean := false;
  kept bigint[];
  states float8[];
  places integer[];
  fitting boolean[];
  admitted boolean;
  t float8;
  m float8[];
  s float8[];
  needed float8;
  said text;
BEGIN
  LOOP
    states := '{}';
    places := '{1}';
    FOR i IN 1..cardinality(p_owners) LOOP
      IF locked THEN${lock(names)}
      ELSE
        SELECT l.state INTO kept FROM ${names.limits} l WHERE l.owner = p_owners[i] AND l.counter = p_counters[i];
        IF NOT FOUND THEN kept := '{}'; END IF;
      END IF;
      states := states || kept::float8[];
      places := places || cardinality(states) + 1;
    END LOOP;

    t := coalesce(p_now, ${clock});
    admitted := true;
    fitting := '{}';
    said := '';
    FOR i IN 1..cardinality(p_owners) LOOP
      m := p_meters[p_starts[i]:p_starts[i + 1] - 1];
      s := ${names.limitAt}(m, states[places[i]:places[i + 1] - 1], t);
      fitting := fitting || ${names.limitFits}(m, s, p_costs[i]);
      admitted := admitted AND (fitting[i] OR p_shadows[i]);
      said := said || ' ' || fitting[i]::integer || ':' || array_to_string(s::bigint[], ',');
    END LOOP;
    IF NOT admitted OR (SELECT sum(cost) FROM unnest(p_costs) cost) = 0 THEN RETURN admitted::integer || ' ' || t::bigint || said; END IF;
    EXIT WHEN locked;
    locked := true;
  END LOOP;

  said := '1 ' || t::bigint;
  FOR i IN 1..cardinality(p_owners) LOOP
    m := p_meters[p_starts[i]:p_starts[i + 1] - 1];
    s := ${names.limitAt}(m, states[places[i]:places[i + 1] - 1], t);
    IF fitting[i] AND p_costs[i] > 0 THEN
      s := ${names.limitDebited}(m, s, p_costs[i]);${write(names)}
    END IF;
    said := said || ' ' || fitting[i]::integer || ':' || array_to_string(s::bigint[], ',');
  END LOOP;
  RETURN said;
END $$`
}

/** A settlement. Whoever sends it a second time waits for the first on the token, before any counter is locked. Answers `applied now`. */
function settleFunction(names: Names): string {
  return `
CREATE OR REPLACE FUNCTION ${names.limitSettle}(
  p_token text, p_taken float8, p_owners text[], p_counters text[], p_meters float8[], p_starts integer[], p_deltas float8[], p_now float8
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  t float8 := coalesce(p_now, ${clock});
  kept bigint[];
  m float8[];
  s float8[];
  needed float8;
BEGIN
  INSERT INTO ${names.limitTokens} (token, expires_at) VALUES (p_token, t + 120000) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN '0 ' || t::bigint; END IF;
  FOR i IN 1..cardinality(p_owners) LOOP${lock(names)}
    m := p_meters[p_starts[i]:p_starts[i + 1] - 1];
    s := ${names.limitSettled}(m, ${names.limitAt}(m, kept::float8[], t), p_deltas[i], p_taken);${write(names)}
  END LOOP;
  RETURN '1 ' || t::bigint;
END $$`
}

/**
 * Counters and tokens. UNLOGGED: what is written there is not worth a wait for the disk. Half of each page is left free, so that a counter
 * is rewritten on its own page and no index is touched.
 */
export function limitStatements(names: Names): string[] {
  return [
    `CREATE UNLOGGED TABLE IF NOT EXISTS ${names.limits} (
      owner text COLLATE "C" NOT NULL,
      counter text COLLATE "C" NOT NULL,
      state bigint[] NOT NULL,
      expires_at bigint NOT NULL,
      PRIMARY KEY (owner, counter)
    ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05)`,
    `CREATE INDEX IF NOT EXISTS "${names.bare.table}_limits_expires" ON ${names.limits} (expires_at)`,
    `CREATE UNLOGGED TABLE IF NOT EXISTS ${names.limitTokens} (token text COLLATE "C" PRIMARY KEY, expires_at bigint NOT NULL)`,
    `CREATE INDEX IF NOT EXISTS "${names.bare.table}_limit_tokens_exp" ON ${names.limitTokens} (expires_at)`,
    ...stateFunctions(names),
    takeFunction(names),
    settleFunction(names),
  ]
}

/** Deletes what is as good as absent. It waits for no lock, so it can be part of no deadlock. `limit` and `now` must be SQL. */
export function collectLimitsStatement(names: Names, limit: string, now: string): string {
  const expired = (columns: string, table: string): string =>
    `SELECT ${columns} FROM ${table} WHERE expires_at <= ${now} ORDER BY expires_at LIMIT ${limit} FOR UPDATE SKIP LOCKED`
  return `
WITH tokens AS (DELETE FROM ${names.limitTokens} WHERE token IN (${expired('token', names.limitTokens)})),
gone AS (DELETE FROM ${names.limits} WHERE (owner, counter) IN (${expired('owner, counter', names.limits)}) RETURNING 1)
SELECT count(*)::integer AS gone FROM gone`
}
