import type { OutboxStore } from '../store.ts'
import type { OutboxCheck, OutboxConformanceOptions } from './check.ts'
import { directed } from './directed.ts'
import { replayHistory } from './histories.ts'

export type { OutboxCheck, OutboxConformanceOptions } from './check.ts'

/**
 * The checks every outbox store has to pass, for authors of stores: random histories held to the decisions, and one check for each promise.
 * Knows no test runner.
 *
 * @example
 * for (const check of outboxConformance({ name: 'mine', open })) it(check.name, check.run)
 */
export function outboxConformance(options: OutboxConformanceOptions): OutboxCheck[] {
  const { name, histories = 30, seed = Math.floor(Math.random() * 1_000_000) } = options
  const withStore = async (use: (store: OutboxStore) => Promise<void>): Promise<void> => {
    const store = await options.open()
    try {
      await use(store)
    } finally {
      await options.close?.(store)
    }
  }
  return [
    ...directed.map(({ sentence, prove }) => ({ name: `${name} ${sentence}`, run: () => withStore(prove) })),
    {
      name: `${name} says what the decisions say, in ${histories} random histories`,
      run: async () => {
        for (let history = 0; history < histories; history++) await withStore((store) => replayHistory(store, seed + history))
      },
    },
  ]
}
