import type { MeterState } from 'holdfast/rate-limit'
import type { Account } from '../accounts/table.ts'
import type { Batch } from '../spool/batch.ts'
import type { Dimension, ReplayLimit } from './policy.ts'

/** The counters of one limit, found by who a request counts for. */
export interface Counters {
  keyOf(batch: Batch, index: number): number | string
  get(key: number | string): MeterState | undefined
  set(key: number | string, state: MeterState): void
}

/**
 * Counters as rows of numbers: millions of decisions leave millions of small arrays behind, and those that were kept for a while are what
 * makes a heap grow.
 *
 * @param pools counters by pool: limits of one pool share them
 * @param routes the names of routes by number
 * @param routeOf the declared route of a route of the log
 */
export function createCounters(
  limit: ReplayLimit,
  pools: Map<string, Rows>,
  accounts: readonly Account[],
  routes: readonly string[],
  routeOf: (route: number) => string,
): Counters {
  const rows = pools.get(limit.pool) ?? createRows()
  pools.set(limit.pool, rows)
  const parts = [...new Set(limit.partition)].map((dimension) => partOf(dimension, accounts, routes, routeOf))
  const [only, ...more] = parts
  const joined: Part = (batch, index) => parts.map((part) => part(batch, index)).join('|')
  return { keyOf: only === undefined ? () => 0 : more.length === 0 ? only : joined, get: rows.get, set: rows.set }
}

type Part = (batch: Batch, index: number) => number | string

function partOf(dimension: Dimension, accounts: readonly Account[], routes: readonly string[], routeOf: (route: number) => string): Part {
  switch (dimension) {
    case 'account':
      return ({ account }, index) => account[index] as number
    case 'ip':
      return ({ client }, index) => client[index] as number
    case 'plan':
      return ({ account }, index) => accounts[account[index] as number]?.plan ?? 0
    case 'route':
      return remembered(routeOf)
    case 'method':
      return remembered((route) => (routes[route] ?? '').split(' ', 1)[0] ?? '')
  }
}

function remembered(textOf: (route: number) => string): Part {
  const known: string[] = []
  return ({ route }, index) => (known[route[index] as number] ??= textOf(route[index] as number))
}

/** States of counters by key. All states of one limit have the same length. */
export interface Rows {
  get(key: number | string): MeterState | undefined
  set(key: number | string, state: MeterState): void
}

function createRows(): Rows {
  const rowOf = new Map<number | string, number>()
  let width = 0
  let values = new Float64Array(0)
  return {
    get(key) {
      const row = rowOf.get(key)
      if (row === undefined) return undefined
      const state: number[] = []
      for (let at = row * width; at < (row + 1) * width; at++) state.push(values[at] as number)
      return state
    },
    set(key, state) {
      if (width === 0) width = state.length
      let row = rowOf.get(key)
      if (row === undefined) rowOf.set(key, (row = rowOf.size))
      if ((row + 1) * width > values.length) {
        const larger = new Float64Array(Math.max(1024 * width, values.length * 2))
        larger.set(values)
        values = larger
      }
      values.set(state, row * width)
    },
  }
}
