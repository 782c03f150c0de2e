import { ttlMs } from '../../rate-limit/decide.ts'
import type { Meter, MeterState } from '../../rate-limit/store.ts'

/** Counters that those share for whom there is no room. */
export interface Overflow {
  read(kind: Meter['kind'], shared: string | undefined, counter: string): MeterState | undefined
  write(meter: Meter, shared: string | undefined, counter: string, state: MeterState, now: number): void
}

/** Enough for the networks of a large attack; those beyond share one more. */
const most = 1_000
const sweepEveryMs = 1_000

/** Makes the counters of a table that is full of entries in use. Callers it does not know yet share one by prefix, so a flood slows itself down. */
export function createOverflow(): Overflow {
  const kept = new Map<string, { readonly state: MeterState; readonly until: number }>()
  let sweptAt = Number.NEGATIVE_INFINITY

  const nameOf = (kind: Meter['kind'], shared: string, counter: string): string => `${kind}\0${counter}\0${shared}`

  /** The name of what is shared; everybody's, where there are too many prefixes as well. */
  function find(kind: Meter['kind'], shared: string, counter: string): string {
    const name = nameOf(kind, shared, counter)
    return kept.has(name) || kept.size < most ? name : nameOf(kind, '', counter)
  }

  function sweep(now: number): void {
    if (kept.size < most || now - sweptAt < sweepEveryMs) return
    sweptAt = now
    for (const [name, { until }] of kept) if (until <= now) kept.delete(name)
  }

  return {
    read: (kind, shared = '', counter) => kept.get(find(kind, shared, counter))?.state,
    write(meter, shared = '', counter, state, now) {
      sweep(now)
      kept.set(find(meter.kind, shared, counter), { state, until: now + ttlMs(meter, state, now) })
    },
  }
}
