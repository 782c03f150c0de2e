import { randomUUID } from 'node:crypto'
import { configurationError, currentCall, defineFact, publish, routeFact } from '../core/index.ts'
import type { Call, FactKey } from '../core/index.ts'
import type { Applied } from './notice.ts'
import type { LimitStore, TakeResult } from './store.ts'

/** What a call has taken of its limits, for handlers that learn its true cost later. */
export interface LimitUse {
  /**
   * Puts right what the call has taken of a limit: tokens are given back, or charged up to the limit's `maxDebt`. Once for each limit;
   * later calls change nothing. When the process dies before, the estimate stays.
   *
   * Resolves when the store has it. A store that is away keeps the estimate; this never rejects because of it.
   *
   * @throws HoldfastError `configuration-invalid` for a cost that is no whole number from 0
   */
  settle(limit: string, cost: number): Promise<void>
}

const useFact: FactKey<LimitUse> = defineFact<LimitUse>('limits')

/**
 * What the call being handled has taken of its limits. Also works after the answer was sent.
 *
 * @example
 * await limitsOf(call).settle('tokens', completion.usage.totalTokens)
 */
export function limitsOf(call: Call = currentCall()): LimitUse {
  return call.facts.get(useFact) ?? nothing
}

const nothing: LimitUse = { settle: () => Promise.resolve() }

/** The debited items of one call. */
export class Use implements LimitUse {
  readonly #store: LimitStore
  readonly #call: Call
  readonly #items: readonly Applied[]
  readonly #taken: TakeResult
  #settled: readonly Applied[] = []

  constructor(store: LimitStore, call: Call, items: readonly Applied[], taken: TakeResult) {
    this.#store = store
    this.#call = call
    this.#items = items
    this.#taken = taken
  }

  async settle(limit: string, cost: number): Promise<void> {
    if (!Number.isSafeInteger(cost) || cost < 0)
      throw configurationError(`settle: expected a cost that is a whole number from 0, got ${String(cost)}`)
    const index = this.#items.findIndex(({ rule }) => rule.name === limit)
    const item = this.#items[index]
    if (item !== undefined && this.#taken.items[index]?.fits === true) await this.#apply(item, cost - item.cost)
  }

  /** Gives back what the answer says does not count. */
  release(status: number): void {
    for (const [index, item] of this.#items.entries()) {
      const { countWhen } = item.rule
      if (countWhen !== undefined && this.#taken.items[index]?.fits === true && !countWhen(status)) void this.#apply(item, -item.cost)
    }
  }

  async #apply(item: Applied, delta: number): Promise<void> {
    if (this.#settled.includes(item)) return
    this.#settled = [...this.#settled, item]
    if (delta === 0) return
    try {
      const { owner, counter, meter, overflow } = item
      await (this.#taken.keptBy ?? this.#store).settle({
        token: randomUUID(),
        takenAt: this.#taken.takenAt ?? this.#taken.now,
        items: [{ owner, counter, meter, delta, overflow }],
      })
    } catch {
      publish('rate-limit', 'settle-failed', this.#call.facts.get(routeFact), item.rule.name)
    }
  }
}

/** Lets a handler find what its call has taken. */
export function remember(call: Call, use: LimitUse): void {
  call.facts.set(useFact, use)
}
