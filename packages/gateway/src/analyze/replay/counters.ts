import type { MeterState } from 'holdfast/rate-limit'
import type { Batch } from '../spool/batch.ts'
import type { AccountTable } from '../accounts/table.ts'
import type { ReplayLimit } from './policy.ts'

/** The counters of one limit, found by who a request counts for. */
export interface Counters {
  keyOf(batch: Batch, index: number): number | string
  get(key: number | string): MeterState | undefined
  set(key: number | string, state: MeterState): void
}

/**
 * @param pools counters by pool: limits of one pool share them
 * @param routes the names of routes by number
 */
export function createCounters(
  limit: ReplayLimit,
  pools: Map<string, Map<number | string, MeterState>>,
  { list }: AccountTable,
  routes: readonly string[],
): Counters {
  let states = pools.get(limit.pool)
  if (states === undefined) pools.set(limit.pool, (states = new Map()))
  const kept = states
  return { keyOf: keyOf(limit, list, routes), get: (key) => kept.get(key), set: (key, state) => void kept.set(key, state) }
}

function keyOf({ partition }: ReplayLimit, accounts: AccountTable['list'], routes: readonly string[]): Counters['keyOf'] {
  const parts = [...new Set(partition)].map(
    (dimension): ((batch: Batch, index: number) => number) | ((batch: Batch, index: number) => string) => {
      switch (dimension) {
        case 'account':
          return ({ account }: Batch, index: number) => account[index] as number
        case 'ip':
          return ({ client }: Batch, index: number) => client[index] as number
        case 'route':
          return ({ route }: Batch, index: number) => route[index] as number
        case 'plan':
          return ({ account }: Batch, index: number) => accounts[account[index] as number]?.plan ?? 0
        case 'method':
          return ({ route }: Batch, index: number) => (routes[route[index] as number] ?? '').split(' ', 1)[0] ?? ''
      }
    },
  )
  const [only] = parts
  if (only === undefined) return () => 0
  return parts.length === 1 ? only : (batch, index) => parts.map((part) => part(batch, index)).join('|')
}
