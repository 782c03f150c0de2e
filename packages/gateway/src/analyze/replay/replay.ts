import type { Traffic } from '../input/ingest.ts'
import type { Progress } from '../input/progress.ts'
import { createLoadMeter } from '../shape/load-series.ts'
import type { LoadSeries } from '../shape/load-series.ts'
import { createBatch } from '../spool/batch.ts'
import type { Batch } from '../spool/batch.ts'
import { createComebacks } from './comebacks.ts'
import { createDecider } from './decide.ts'
import type { ReplayPolicy } from './policy.ts'
import { createTally } from './tally.ts'
import type { Tally } from './tally.ts'

export interface ReplayOptions {
  /** How often a throttled request comes back, each time after what it was told to wait. @default 0 */
  readonly retries?: number
  readonly progress?: Progress
  /** Told every decision in order. */
  readonly onDecision?: (admitted: boolean, retryMs: number) => void
}

/** What a policy would have done. */
export interface Replay extends Tally {
  readonly before: { readonly series: LoadSeries; readonly oneSecond: number; readonly fiveSeconds: number }
  readonly after: { readonly series: LoadSeries; readonly oneSecond: number; readonly fiveSeconds: number }
}

/** More are lost, which makes the load after smaller than it would be; a log with so many is a flood. */
const mostComebacks = 1_000_000

/**
 * Runs a policy over the requests of a log: the limiter's own decision, with the log's time as its clock. What a live server would have
 * decided on the same requests, this decides.
 */
export function replay(policy: ReplayPolicy, { spool, accounts, routes }: Traffic, options: ReplayOptions = {}): Replay {
  const { retries = 0, progress, onDecision } = options
  const decide = createDecider(policy, accounts, routes.names)
  const tally = createTally(policy.limits, accounts.list.length)
  const comebacks = createComebacks()
  const single = createBatch(4)
  let before: ReturnType<typeof createLoadMeter> | undefined
  let after: ReturnType<typeof createLoadMeter> | undefined
  let done = 0

  function handle(batch: Batch, index: number, tries: number): void {
    const now = batch.at[index] as number
    const decision = decide(batch, index)
    onDecision?.(decision.admitted, decision.retryMs)
    tally.count(batch, index, decision)
    if (decision.admitted) after?.add(now)
    else if (tries < retries && Number.isFinite(decision.retryMs) && comebacks.size < mostComebacks)
      comebacks.add({
        // Callers are told whole seconds.
        at: now + Math.ceil(decision.retryMs / 1000) * 1000,
        account: batch.account[index] as number,
        route: batch.route[index] as number,
        client: batch.client[index] as number,
        cost: batch.cost[index] as number,
        status: batch.status[index] as number,
        tries: tries + 1,
      })
  }

  function comeBackBefore(at: number): void {
    while (comebacks.peekAt() < at) {
      const { tries, ...entry } = comebacks.take()
      single.at[0] = entry.at
      for (const name of ['account', 'route', 'client', 'cost', 'status'] as const) single[name][0] = entry[name]
      handle(single, 0, tries)
    }
  }

  for (const batch of spool.sorted()) {
    before ??= createLoadMeter(batch.at[0] as number)
    after ??= createLoadMeter(batch.at[0] as number)
    for (let index = 0; index < batch.length; index++) {
      const now = batch.at[index] as number
      before.add(now)
      comeBackBefore(now)
      handle(batch, index, 0)
    }
    progress?.update('replaying', (done += batch.length) / spool.length)
  }
  comeBackBefore(Number.POSITIVE_INFINITY)
  return { ...tally.result(), before: loadOf(before), after: loadOf(after) }
}

function loadOf(meter: ReturnType<typeof createLoadMeter> = createLoadMeter(0)): Replay['before'] {
  return { series: meter.series(), ...meter.peaks() }
}
