import type { UsageRow } from './store.ts'
import type { Versions } from './versions.ts'

/** What an account does under one version. */
export interface AccountUsage {
  readonly account: string
  readonly version: string
  readonly calls: number
  /** Milliseconds since the epoch. */
  readonly lastAt: number
  readonly routes: readonly string[]
  /** How many calls each change really altered; changes that altered none are not named. */
  readonly fired: Readonly<Record<string, number>>
  /** The newest version that the account could name without noticing: no change up to it altered any of its calls. `undefined`: it would notice the next. */
  readonly safeUpgrade: string | undefined
}

/**
 * Sums usage up by account and version, and says how far each account could move without noticing. That is proof only of what was seen: of
 * the calls in these rows.
 */
export function reportUsage(versions: Versions, rows: readonly UsageRow[]): readonly AccountUsage[] {
  const groups = Map.groupBy(rows, ({ account, version }) => JSON.stringify([account, version]))
  return [...groups.values()]
    .map((group) => {
      const [{ account, version }] = group as [UsageRow]
      const fired: Record<string, number> = {}
      for (const row of group) for (const [change, count] of Object.entries(row.fired)) fired[change] = (fired[change] ?? 0) + count
      return {
        account,
        version,
        calls: group.reduce((sum, { calls }) => sum + calls, 0),
        lastAt: Math.max(...group.map(({ lastAt }) => lastAt)),
        routes: [...new Set(group.map(({ route }) => route))].sort(),
        fired,
        safeUpgrade: safeUpgrade(versions, version, fired),
      }
    })
    .sort((a, b) => b.lastAt - a.lastAt)
}

function safeUpgrade({ chain, list }: Versions, version: string, fired: Readonly<Record<string, number>>): string | undefined {
  let safe: string | undefined
  for (const { id, state } of list.slice(list.findIndex((one) => one.id === version) + 1)) {
    if (chain.changes.some((change) => change.in === id && fired[change.id] !== undefined)) break
    if (state === 'current' || state === 'deprecated') safe = id
  }
  return safe
}
