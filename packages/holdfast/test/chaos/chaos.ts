import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningServer } from '../../../../test/servers/index.ts'
import { createChance } from '../simulate/chance.ts'
import { checkHistory } from './checks.ts'
import type { Violation } from './checks.ts'
import type { History } from './history.ts'
import { runCallers } from './support/callers.ts'
import { startFaultProxy } from './support/fault-proxy.ts'
import { openWallet, startFleet, transferOf } from './support/fleet.ts'

/** What a run is made of. */
export interface ChaosOptions {
  readonly seed: number
  readonly seconds: number
  /** `sqlite:`, or the URL of a Postgres server. */
  readonly store: string
  /** The same Postgres, if the run may restart it. */
  readonly server?: RunningServer
}

/** What a run came to. */
export interface ChaosReport {
  readonly calls: number
  readonly attempts: number
  /** Attempts that met a fault on their way. */
  readonly faults: number
  readonly kills: number
  readonly storeRestarts: number
  readonly acknowledged: number
  readonly rows: number
  readonly violations: readonly Violation[]
}

const workers = 3
const callers = 8

/**
 * Runs naive callers through faulty connections against three ledgers, one of which is killed every second or so, and holds what came of
 * it to every promise. Faults and kills are drawn from the seed; how they fall together is up to the machine.
 */
export async function runChaos({ seed, seconds, store, server }: ChaosOptions): Promise<ChaosReport> {
  const chance = createChance(seed)
  const fleet = await startFleet(store, workers)
  const proxies = await Promise.all(fleet.urls.map(startFaultProxy))
  try {
    const [ann, ben] = [await openWallet(fleet.urls[0] ?? '', '1000000.00'), await openWallet(fleet.urls[0] ?? '', '1.00')]
    const until = performance.now() + seconds * 1_000
    const isOver = (): boolean => performance.now() > until
    const outages: { from: number; until: number }[] = []
    const during = async (outage: Promise<void>): Promise<void> => {
      const from = performance.now()
      await outage
      outages.push({ from, until: performance.now() })
    }

    let kills = 0
    let storeRestarts = 0
    const nemesis = async (): Promise<void> => {
      for (let round = 0; !isOver(); round += 1) {
        await sleep(300 + chance.at('pause', round) * 700)
        if (server !== undefined && round % 5 === 2) {
          storeRestarts += 1
          await during(server.kill().then(() => server.restart()))
        }
        kills += 1
        await during(fleet.crash(Math.floor(chance.at('victim', round) * workers)))
      }
    }
    const plan = { chance, urls: proxies.map(({ url }) => url), bodyOf: (cents: number) => transferOf(ann, ben, cents), isOver }
    const [{ operations, attempts, faults }] = await Promise.all([runCallers(callers, plan), nemesis()])

    const { transfers, sumCents, transferEntries } = await fleet.rows()
    const history: History = { operations, attempts, rows: transfers, sumCents, entries: transferEntries, outages }
    const acknowledged = new Set(attempts.flatMap(({ answer }) => (answer?.status === 201 ? [answer.id] : []))).size
    return {
      calls: operations.length,
      attempts: attempts.length,
      faults,
      kills,
      storeRestarts,
      acknowledged,
      rows: transfers.length,
      violations: checkHistory(history),
    }
  } finally {
    await Promise.all(proxies.map((proxy) => proxy.close()))
    await fleet.close()
  }
}
