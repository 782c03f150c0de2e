import type { Batch } from '../spool/batch.ts'
import type { ReplayLimit } from './policy.ts'
import type { Decision } from './decide.ts'

/** Who and what was throttled. */
export interface Tally {
  readonly admitted: number
  readonly rejected: number
  /** By account number. */
  readonly rejectedOf: Uint32Array
  /** By account number, milliseconds; Infinity for a request that can never pass. */
  readonly longestWaitOf: Float64Array
  readonly limits: readonly { readonly name: string; readonly rejected: number; readonly wouldThrottle: number }[]
  /** By route number. */
  readonly routes: ReadonlyMap<number, number>
  readonly statuses: ReadonlyMap<number, number>
}

export function createTally(
  limits: readonly ReplayLimit[],
  accounts: number,
): { count(batch: Batch, index: number, decision: Decision): void; result(): Tally } {
  const rejectedOf = new Uint32Array(accounts)
  const longestWaitOf = new Float64Array(accounts)
  const perLimit = limits.map(({ name }) => ({ name, rejected: 0, wouldThrottle: 0 }))
  const routes = new Map<number, number>()
  const statuses = new Map<number, number>()
  let admitted = 0
  let rejected = 0
  return {
    count(batch, index, decision) {
      for (const at of decision.full) {
        const limit = perLimit[at] as (typeof perLimit)[0]
        if (limits[at]?.shadow === true) limit.wouldThrottle++
        else limit.rejected++
      }
      if (decision.admitted) {
        admitted++
        return
      }
      rejected++
      const account = batch.account[index] as number
      rejectedOf[account] = (rejectedOf[account] as number) + 1
      longestWaitOf[account] = Math.max(longestWaitOf[account] as number, decision.retryMs)
      const route = batch.route[index] as number
      routes.set(route, (routes.get(route) ?? 0) + 1)
      const status = batch.status[index] as number
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    },
    result: () => ({ admitted, rejected, rejectedOf, longestWaitOf, limits: perLimit, routes, statuses }),
  }
}
