import { memory } from 'holdfast/memory'
import { compileLimit } from 'holdfast/rate-limit'
import type { LimitNumbers, LimitStore } from 'holdfast/rate-limit'
import type { LimitSpec, Limiter } from './limiter.ts'

/** The kinds without dates. */
export type HoldfastKind = 'bucket' | 'strict' | 'window'

/** The numbers of a limit of some kind. */
export function numbersOf(kind: HoldfastKind, name: string, { limit, windowMs, burst }: LimitSpec): LimitNumbers {
  const numbers = { name, limit, windowSeconds: windowMs / 1_000 }
  if (kind === 'window') return { ...numbers, kind }
  return { ...numbers, ...(burst !== undefined && { burst }), ...(kind === 'strict' && { strict: true }) }
}

/** Several limits on a store, decided at once, as the policy asks for them: with new items for each call. */
export function onStore(store: LimitStore, limits: readonly LimitNumbers[]): Limiter {
  const compiled = limits.map((numbers) => compileLimit(numbers))
  const admitted = ({ admitted: isAdmitted }: { admitted: boolean }): boolean => isAdmitted
  return {
    take(key, cost = 1) {
      const items = compiled.map(({ name, meterAt }) => ({ owner: key, counter: name, meter: meterAt(0), cost, shadow: false }))
      const taken = store.take(items)
      return 'then' in taken ? taken.then(admitted) : taken.admitted
    },
  }
}

/** One limit in memory. */
export function holdfastInMemory(kind: HoldfastKind, spec: LimitSpec): Limiter {
  const { limits } = memory({ ...(spec.mostKeys !== undefined && { maxLimitKeys: spec.mostKeys }) })
  const { meterAt } = compileLimit(numbersOf(kind, 'limit', spec))
  return {
    take(key, cost = 1) {
      const taken = limits.take([{ owner: key, counter: 'limit', meter: meterAt(0), cost, shadow: false }])
      if ('then' in taken) throw new Error('the memory store made a caller wait')
      return taken.admitted
    },
  }
}
