import { randomInt, randomUUID } from 'node:crypto'
import type { ConformanceCheck } from '../conformance/index.ts'
import { seededRandom } from '../seeded-random.ts'
import { boundChecks } from './bound-checks.ts'
import { generateLimitHistory } from './history.ts'
import { replayLimits } from './replay.ts'
import { severalChecks } from './several-checks.ts'
import { settleChecks } from './settle-checks.ts'
import type { LimitBench, LimitCheck, LimitConformanceOptions } from './subject.ts'

const historyLength = 30

/**
 * The checks every store of rate limits has to pass, for authors of stores: random histories held to the pure decisions, exactly as many
 * admitted of ten thousand at once as the limit says, and one directed check for each promise. Knows no test runner.
 *
 * @example
 * for (const check of limitConformance({ name: 'memory', open: () => memory().limits })) it(check.name, check.run)
 */
export function limitConformance(options: LimitConformanceOptions): readonly ConformanceCheck[] {
  const { name, histories = 40, seed = randomInt(2 ** 31), owners = 2, time } = options
  const directed = [...boundChecks, ...severalChecks, ...settleChecks].filter(({ needsTime }) => time !== undefined || needsTime !== true)
  return [
    ...directed.map(({ sentence, prove }: LimitCheck) => ({ name: `${name}: ${sentence}`, run: () => withBench(options, prove) })),
    {
      name: `${name}: gives the results of the model in random histories`,
      run: () =>
        withBench(options, async (bench) => {
          for (let history = 0; history < histories; history++) {
            const operations = generateLimitHistory(seededRandom(seed + history), historyLength, owners, time !== undefined)
            const origin = `seed ${seed}, history ${history}; repeat it with { seed: ${seed + history}, histories: 1 }`
            await replayLimits(bench, operations, origin)
          }
        }),
    },
  ]
}

async function withBench(options: LimitConformanceOptions, use: (bench: LimitBench) => Promise<void>): Promise<void> {
  const store = await options.open()
  try {
    await use({ store, options, owner: (number) => `account:${randomUUID()}${number ?? ''}`, token: randomUUID })
  } finally {
    await options.close?.(store)
  }
}
