import { withTimeout } from '../core/index.ts'
import type { Clock } from '../core/index.ts'
import { standingOf, withRetirement } from './schedule.ts'
import type { Version } from './schedule.ts'
import type { VersionStanding } from './decide.ts'
import type { VersionStore } from './store.ts'

/** How often a process asks the store what was decided about versions. */
const refreshMs = 5_000
/** How often states are worked out anew; dates have no finer meaning. */
const recountMs = 1_000

/** Where all versions stand, as far as this process knows. */
export interface Standings {
  /** The promise is there until the store was asked once. */
  now(): readonly VersionStanding[] | Promise<readonly VersionStanding[]>
  version(id: string): Version | undefined
}

/** Lays what the store knows over what is declared. A store that does not answer changes nothing: what is declared, or was known, holds. */
export function createStandings(declared: readonly Version[], store: VersionStore | undefined, clock: Clock, timeoutMs: number): Standings {
  let list = declared
  let standings: readonly VersionStanding[] = []
  let countedAt = Number.NEGATIVE_INFINITY
  let askedAt = store === undefined ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
  let first: Promise<void> | undefined

  async function refresh(from: VersionStore): Promise<void> {
    try {
      const work = from.readRetirements()
      const retirements = await withTimeout(clock, timeoutMs, work, () => new Error('the store did not answer'))
      list = declared.map((version) =>
        withRetirement(
          version,
          retirements.find(({ version: id }) => id === version.id),
        ),
      )
      countedAt = Number.NEGATIVE_INFINITY
    } catch {
      // Asked again in five seconds.
    }
  }

  function count(now: number): readonly VersionStanding[] {
    if (Math.abs(now - countedAt) >= recountMs) {
      standings = list.map((version) => standingOf(version, now))
      countedAt = now
    }
    return standings
  }

  return {
    now() {
      const now = clock.now()
      if (store !== undefined && Math.abs(now - askedAt) >= refreshMs) {
        const isFirst = askedAt === Number.NEGATIVE_INFINITY
        askedAt = now
        const asked = refresh(store)
        if (isFirst) first = asked.then(() => void (first = undefined))
      }
      return first === undefined ? count(now) : first.then(() => count(clock.now()))
    },
    version: (id) => list.find((version) => version.id === id),
  }
}
