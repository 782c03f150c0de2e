import type { Cancel, Clock } from '../core/index.ts'
import type { UsageRow, VersionSource, VersionStore } from './store.ts'

const hourMs = 3_600_000
const flushMs = 10_000
/** Rows held in memory between flushes, so that an outage of the store does not fill it; what is beyond is not counted. */
const most = 10_000

/** One call, as it is counted. */
export interface Used {
  readonly account: string
  readonly version: string
  readonly source: VersionSource
  readonly route: string
  /** Ids of the changes that really altered it. */
  readonly fired: readonly string[]
}

/** Counts calls by account, version, source, route and change, in memory, and adds them to the store every ten seconds. */
export interface Usage {
  count(used: Used): void
  flush(): Promise<void>
  stop(): Promise<void>
}

interface Counter extends Used {
  hour: number
  calls: number
  lastAt: number
  changes: Map<string, number>
}

/** Makes a counter over a store. */
export function createUsage(store: VersionStore, clock: Clock): Usage {
  let counters = new Map<string, Counter>()
  let cancel: Cancel | undefined

  async function flush(): Promise<void> {
    cancel?.()
    cancel = undefined
    if (counters.size === 0) return
    const taken = counters
    counters = new Map()
    try {
      await store.addUsage([...taken.values()].map(toRow))
    } catch {
      // Given back, to be added with what came in the meantime.
      for (const [key, counter] of taken) merge(key, counter)
      schedule()
    }
  }

  function merge(key: string, counter: Counter): void {
    const now = counters.get(key)
    if (now === undefined) {
      if (counters.size < most) counters.set(key, counter)
      return
    }
    now.calls += counter.calls
    now.lastAt = Math.max(now.lastAt, counter.lastAt)
    for (const [change, count] of counter.changes) now.changes.set(change, (now.changes.get(change) ?? 0) + count)
  }

  function schedule(): void {
    cancel ??= clock.after(flushMs, () => void flush())
  }

  return {
    count(used) {
      const lastAt = clock.now()
      const hour = lastAt - (lastAt % hourMs)
      const key = JSON.stringify([used.account, used.version, used.source, used.route, hour])
      merge(key, { ...used, hour, calls: 1, lastAt, changes: new Map(used.fired.map((change) => [change, 1])) })
      schedule()
    },
    flush,
    stop: flush,
  }
}

function toRow({ account, version, source, route, hour, calls, lastAt, changes }: Counter): UsageRow {
  return { account, version, source, route, hour, calls, lastAt, fired: Object.fromEntries(changes) }
}
