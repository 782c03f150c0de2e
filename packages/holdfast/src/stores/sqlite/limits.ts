import { settle as settleOne, take as decideTake } from '../../rate-limit/decide.ts'
import type { LimitStore, SettleResult, Settlement, TakeItem, TakeResult } from '../../rate-limit/store.ts'
import { limitNameOf } from '../limit-name.ts'
import { openLimitFile } from './limit-file.ts'
import type { LimitFileOptions } from './limit-file.ts'
import { createLimitQueue } from './limit-queue.ts'
import type { LimitTurn } from './limit-queue.ts'
import { addLimitToken, collectLimitTokens, collectLimits, loadLimit, saveLimit } from './limit-rows.ts'

/** A limit store that can be closed. */
export interface SqliteLimits {
  readonly store: LimitStore
  close(): Promise<void>
}

/** Keeps counters in a file beside the main one. Any number of processes of one machine share it exactly. */
export function sqliteLimits(options: LimitFileOptions): SqliteLimits {
  const queue = createLimitQueue(() => openLimitFile(options), options.busyTimeoutMs)
  return {
    store: {
      name: 'sqlite',
      take: (items) => queue.run((turn) => take(turn, items)),
      settle: (settlement) => queue.run((turn) => settle(turn, settlement)),
      collect: (limit) => queue.run(({ database, now }) => collectLimits(database, now, limit)),
    },
    close: () => queue.close(),
  }
}

function take({ database, now, added }: LimitTurn, items: readonly TakeItem[]): TakeResult {
  const names = items.map(limitNameOf)
  const rows = names.map((name) => loadLimit(database, name))
  const decision = decideTake(
    items,
    rows.map((row) => row?.state),
    now,
  )
  decision.writes.forEach((state, index) => {
    const [name, item] = [names[index], items[index]]
    if (state === undefined || name === undefined || item === undefined) return
    if (saveLimit(database, name, rows[index], { meter: item.meter, state, now })) added()
  })
  const { writes: _, ...result } = decision
  return result
}

function settle({ database, now, added }: LimitTurn, { token, takenAt, items }: Settlement): SettleResult {
  if (!addLimitToken(database, token, now)) return { applied: false, now }
  // One comes, up to two go.
  collectLimitTokens(database, now, 2)
  for (const item of items) {
    const name = limitNameOf(item)
    const row = loadLimit(database, name)
    const state = settleOne(item, row?.state, takenAt, now)
    if (saveLimit(database, name, row, { meter: item.meter, state, now })) added()
  }
  return { applied: true, now }
}
