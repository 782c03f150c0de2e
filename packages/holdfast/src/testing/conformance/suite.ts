import { randomInt } from 'node:crypto'
import { seededRandom } from '../seeded-random.ts'
import { withStore } from './check.ts'
import type { Bench, DirectedCheck } from './check.ts'
import { claimChecks } from './claim-checks.ts'
import { completionChecks } from './completion-checks.ts'
import { race } from './concurrent.ts'
import { generateHistory } from './generate.ts'
import type { Vocabulary } from './generate.ts'
import { lifeCycleChecks } from './life-cycle-checks.ts'
import { realTime } from './perform.ts'
import { replay } from './sequential.ts'
import { stepChecks } from './step-checks.ts'
import type { ConformanceCheck, ConformanceOptions } from './subject.ts'
import { transactionChecks } from './transaction-checks.ts'

const directedChecks = [...claimChecks, ...completionChecks, ...lifeCycleChecks, ...stepChecks, ...transactionChecks]

/** Long enough to bring a key through several states, short enough that a failure is easy to shorten. */
const historyLength = 25

/**
 * The checks every idempotency store has to pass, for authors of stores: random histories, one operation after the other and several
 * at once, held to the pure decisions, and one directed check for each promise. Knows no test runner; checks of abilities the store does
 * not have pass.
 *
 * @example
 * for (const check of idempotencyConformance({ name: 'memory', open: async () => memory().idempotency })) it(check.name, check.run)
 */
export function idempotencyConformance(options: ConformanceOptions): readonly ConformanceCheck[] {
  const { name, histories = 40, seed = randomInt(2 ** 31), time = realTime } = options
  const random = (check: string, use: (bench: Bench, vocabulary: Vocabulary, history: number) => Promise<void>): ConformanceCheck => ({
    name: `${name}: ${check}`,
    run: () =>
      withStore(options, async (bench) => {
        for (let history = 0; history < histories; history++) await use(bench, vocabularyOf(bench), history)
      }),
  })
  return [
    ...directedChecks.map((check) => toCheck(options, check)),
    random('gives the verdicts of the model in random histories', async ({ store }, vocabulary, history) => {
      const operations = generateHistory(seededRandom(seed + history), historyLength, vocabulary)
      await replay(store, operations, time, originOf(seed, history))
    }),
    random('gives verdicts that some order explains when actors race', async ({ store }, vocabulary, history) => {
      const racing = { ...vocabulary, keys: 2, quota: false, transact: false, advance: false }
      await race(store, seededRandom(seed + history), racing, time, originOf(seed, history))
    }),
  ]
}

function toCheck(options: ConformanceOptions, { sentence, needs, prove }: DirectedCheck): ConformanceCheck {
  return {
    name: `${options.name}: ${sentence}`,
    run: () =>
      withStore(options, async (bench) => {
        const isAble = needs === undefined || (needs === 'quota' ? (options.quota ?? true) : bench.store[needs] !== undefined)
        if (isAble) await prove(bench)
      }),
  }
}

function vocabularyOf({ store, options }: Bench): Vocabulary {
  return {
    keys: 3,
    owners: 3,
    quota: options.quota ?? true,
    step: store.step !== undefined,
    transact: store.transact !== undefined,
    advance: options.time !== undefined,
  }
}

function originOf(seed: number, history: number): string {
  return `seed ${seed}, history ${history}; repeat it with { seed: ${seed + history}, histories: 1 }`
}
