import type { Clock } from '../../core/index.ts'
import { storeUnavailable } from '../../core/index.ts'
import type { Pin, Retirement, UsageRow, VersionStore } from '../../versioning/store.ts'

const hourMs = 3_600_000
/** Usage is kept as long as anyone asks for it; then the oldest hours go. */
const keptHours = 24 * 100

/** A version store that can be closed. */
export interface MemoryVersions {
  readonly store: VersionStore
  close(): void
}

interface KeptPin {
  readonly version: string
  readonly from: string | undefined
  readonly setAt: number
}

/** Makes a version store in memory. Nothing is awaited between reading and writing, so every operation is atomic. */
export function memoryVersions(clock: Clock): MemoryVersions {
  const pins = new Map<string, KeptPin>()
  const usage = new Map<string, UsageRow>()
  const retirements = new Map<string, Retirement>()
  let isClosed = false

  async function run<T>(work: () => T): Promise<T> {
    if (isClosed) throw storeUnavailable('the memory store is closed')
    return work()
  }

  const toPin = ({ version, from, setAt }: KeptPin): Pin => ({ version, from, ageMs: clock.now() - setAt })

  function add(row: UsageRow): void {
    const key = JSON.stringify([row.account, row.version, row.source, row.route, row.hour])
    const before = usage.get(key)
    usage.set(key, before === undefined ? row : join(before, row))
  }

  function forget(): void {
    const oldest = clock.now() - keptHours * hourMs
    for (const [key, { hour }] of usage) if (hour < oldest) usage.delete(key)
  }

  return {
    close() {
      isClosed = true
      pins.clear()
      usage.clear()
      retirements.clear()
    },
    store: {
      name: 'memory',
      findPin: (account) =>
        run(() => {
          const pin = pins.get(account)
          return pin && toPin(pin)
        }),
      insertPin: (account, version) =>
        run(() => {
          const pin = pins.get(account) ?? { version, from: undefined, setAt: clock.now() }
          pins.set(account, pin)
          return toPin(pin)
        }),
      replacePin: (account, expected, { version, from }) =>
        run(() => {
          if (pins.get(account)?.version !== expected) return false
          pins.set(account, { version, from, setAt: clock.now() })
          return true
        }),
      addUsage: (rows) =>
        run(() => {
          for (const row of rows) add(row)
          forget()
        }),
      readUsage: ({ account, version, since = Number.NEGATIVE_INFINITY }) =>
        run(() =>
          [...usage.values()].filter(
            (row) =>
              (account === undefined || row.account === account) &&
              (version === undefined || row.version === version) &&
              row.hour + hourMs > since,
          ),
        ),
      readRetirements: () => run(() => [...retirements.values()]),
      writeRetirement: (version, retirement) =>
        run(() => {
          if (retirement === undefined) retirements.delete(version)
          else retirements.set(version, retirement)
        }),
    },
  }
}

function join(a: UsageRow, b: UsageRow): UsageRow {
  const fired = { ...a.fired }
  for (const [change, count] of Object.entries(b.fired)) fired[change] = (fired[change] ?? 0) + count
  return { ...a, calls: a.calls + b.calls, lastAt: Math.max(a.lastAt, b.lastAt), fired }
}
