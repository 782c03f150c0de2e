import { configurationError, storeUnavailable, withTimeout } from '../core/index.ts'
import type { Clock } from '../core/index.ts'
import { decidePin, latestCurrent } from './decide.ts'
import type { PinVerdict, VersionStanding } from './decide.ts'
import type { Pin, VersionStore } from './store.ts'

/** How long a process goes by a pin it has read: every process follows an upgrade within this time. */
const freshMs = 5_000
/** How long it goes by it while the store does not answer. */
const staleMs = 300_000
/** Pins kept in memory; the ones asked for longest ago go first. */
const most = 10_000

/** What became of a request for another pin. */
export interface PinChange {
  readonly verdict: PinVerdict
  readonly pin: Pin | undefined
}

/** The pins of accounts. */
export interface Pins {
  /** The pin of an account; sets its first one to the latest current version. @throws `store-unavailable` when neither is known */
  of(account: string, standings: readonly VersionStanding[]): string | Promise<string>
  /** What stands, straight from the store. */
  read(account: string): Promise<Pin | undefined>
  /** Upgrades, or rolls back. */
  change(account: string, to: string, standings: readonly VersionStanding[], rollbackWindowMs: number): Promise<PinChange>
}

interface Known {
  readonly version: string
  readonly readAt: number
}

/** Makes pins over a store, with a short memory. */
export function createPins(store: VersionStore, clock: Clock, timeoutMs: number): Pins {
  const known = new Map<string, Known>()
  const asking = new Map<string, Promise<string>>()

  function bounded<T>(work: Promise<T>): Promise<T> {
    return withTimeout(clock, timeoutMs, work, () => storeUnavailable('the store of version pins did not answer in time'))
  }

  function remember(account: string, version: string): string {
    known.delete(account)
    known.set(account, { version, readAt: clock.now() })
    if (known.size > most) known.delete(known.keys().next().value as string)
    return version
  }

  async function ask(account: string, standings: readonly VersionStanding[]): Promise<string> {
    try {
      const pin = await bounded(store.findPin(account))
      if (pin !== undefined) return remember(account, pin.version)
      const first = latestCurrent(standings)
      if (first === undefined) throw configurationError('pins: no version is current, so no account can be pinned')
      return remember(account, (await bounded(store.insertPin(account, first.id))).version)
    } catch (error) {
      const before = known.get(account)
      if (before !== undefined && clock.now() - before.readAt < staleMs) return before.version
      throw error
    } finally {
      asking.delete(account)
    }
  }

  return {
    of(account, standings) {
      const before = known.get(account)
      if (before !== undefined && Math.abs(clock.now() - before.readAt) < freshMs) return before.version
      const under = asking.get(account) ?? Promise.resolve().then(() => ask(account, standings))
      asking.set(account, under)
      return under
    },
    read: (account) => bounded(store.findPin(account)),
    async change(account, to, standings, rollbackWindowMs) {
      for (let tries = 0; tries < 3; tries++) {
        const pin = await bounded(store.findPin(account))
        const verdict = decidePin(standings, pin, to, rollbackWindowMs)
        if (verdict.kind !== 'set') return { verdict, pin }
        const isSet =
          pin === undefined
            ? (await bounded(store.insertPin(account, to))).version === to
            : await bounded(store.replacePin(account, pin.version, { version: to, from: verdict.from }))
        if (!isSet) continue
        known.delete(account)
        return { verdict, pin: await bounded(store.findPin(account)) }
      }
      throw storeUnavailable('the pin of the account was changed by others each time')
    },
  }
}
