/** The service's clock, in microseconds since the Unix epoch. */
export interface LedgerClock {
  now(): number
}

/** A clock that tests can set forward. */
export interface AdjustableClock extends LedgerClock {
  advance(seconds: number): void
  reset(): void
}

/** The machine's clock. Microseconds fit a double until the year 2255. */
export function createClock(): AdjustableClock {
  let ahead = 0
  return {
    now: () => Math.round((performance.timeOrigin + performance.now()) * 1000) + ahead,
    advance: (seconds) => void (ahead += Math.round(seconds * 1_000_000)),
    reset: () => void (ahead = 0),
  }
}

const timestamp = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)$/

/** Reads a timestamp of up to microseconds; `undefined` for anything else. */
export function fromTimestamp(text: string): number | undefined {
  const [, second, fraction = '', zone] = timestamp.exec(text) ?? []
  const milliseconds = Date.parse(`${second}${zone}`)
  return Number.isNaN(milliseconds) ? undefined : milliseconds * 1000 + Number(fraction.padEnd(6, '0'))
}

/** Writes microseconds as `2026-11-24T10:00:00.123456Z`: a `Date` alone would lose the last three digits. */
export function toTimestamp(micros: number): string {
  const milliseconds = new Date(Math.floor(micros / 1000)).toISOString().slice(0, -1)
  return `${milliseconds}${String(micros % 1000).padStart(3, '0')}Z`
}
