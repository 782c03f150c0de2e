/** What the order and the zones of timestamps tell about a log. */
export interface ClockChecks {
  /** @param zone minutes east of UTC; `undefined` when the line does not say */
  see(at: number, zone: number | undefined): void
  /** A new file begins: rotated logs may be given in any order. */
  nextFile(): void
  /** What the reader of a report should know. */
  warnings(): readonly string[]
}

/** Buffers and threads write lines late by seconds; more than this is a clock that was set back. */
const foldMs = 600_000

export function createClockChecks(): ClockChecks {
  const zones = new Set<number | undefined>()
  let last = Number.NEGATIVE_INFINITY
  let hasJumped = false
  let lines = 0
  let outOfOrder = 0
  let folds = 0
  let isCoarse = true
  let jumpAt = 0

  return {
    see(at, zone) {
      if (zones.size < 64) zones.add(zone)
      lines++
      if (isCoarse && at % 60_000 !== 0) isCoarse = false
      // A fold goes on from the earlier time; a stray line is followed by a line of the later time.
      if (hasJumped) {
        if (Math.abs(at - jumpAt) < foldMs) folds++
        hasJumped = false
      }
      if (at < last) {
        outOfOrder++
        if (last - at >= foldMs) {
          hasJumped = true
          jumpAt = at
        }
      }
      last = at
    },
    nextFile() {
      last = Number.NEGATIVE_INFINITY
      hasJumped = false
    },
    warnings() {
      const found: string[] = []
      const stated = [...zones].filter((zone) => zone !== undefined)
      if (stated.length > 1)
        found.push(
          `mixed zones: the timestamps state ${stated.length} time zones (${stated
            .toSorted((a, b) => a - b)
            .map(zoneName)
            .join(', ')}); all were converted to UTC`,
        )
      if (zones.has(undefined))
        found.push(
          'the timestamps state no time zone; UTC was assumed, and an hour that was repeated when clocks went back lies on top of the hour before it',
        )
      // A log that is out of order everywhere jumps back all the time; a folded one a few times.
      if (folds > 0 && folds * 1000 < lines + 1000)
        found.push(
          `folded timestamps: ${times(folds)} the time went back by more than ten minutes and went on from there. That is fine where logs of several servers were joined; where a clock was set back, requests of two hours lie on top of each other`,
        )
      else if (outOfOrder * 50 > lines)
        found.push(`unsorted: ${outOfOrder} of ${lines} lines are older than the line before; they were sorted`)
      if (isCoarse && lines >= 100)
        found.push(
          'folded timestamps: all times are whole minutes, so that a minute of requests looks like one burst; bursts come out far too large',
        )
      return found
    },
  }
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}

function zoneName(minutes: number): string {
  const absolute = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${String(Math.floor(absolute / 60)).padStart(2, '0')}${String(absolute % 60).padStart(2, '0')}`
}
