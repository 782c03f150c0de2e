import { AssertionError } from 'node:assert'
import type { Random } from '../../core/index.ts'
import type { IdempotencyStore } from '../../idempotency/store.ts'
import { below, generateHistory } from './generate.ts'
import type { Vocabulary } from './generate.ts'
import { eventsToText, isLinearizable } from './linearizable.ts'
import type { Event } from './linearizable.ts'
import { createNames } from './names.ts'
import type { Names } from './names.ts'
import type { Operation } from './operation.ts'
import { perform } from './perform.ts'
import type { TestTime } from './perform.ts'

// Four actors with five operations each keep the search for an order short and still find every lost update we know of.
const actors = 4
const operationsEach = 5

/** Lets several actors work on the same few keys at once, and checks that each key behaved as if they had taken turns. */
export async function race(store: IdempotencyStore, random: Random, vocabulary: Vocabulary, time: TestTime, origin: string): Promise<void> {
  const names = createNames()
  const plans = Array.from({ length: actors }, () => generateHistory(random, operationsEach, vocabulary))
  const pauses = Array.from({ length: actors }, () => below(random, 3))
  const now = time.now()
  const events = await runTogether(store, plans, pauses, names, time)
  for (let key = 0; key < vocabulary.keys; key++) {
    const ofKey = events.filter(({ operation }) => operation.key === key)
    if (isLinearizable(ofKey, { names, now, others: [0] })) continue
    const headline = `no order of these operations on one key explains what they came to (${origin}):`
    throw new AssertionError({ message: `${headline}\n${eventsToText(ofKey)}` })
  }
}

async function runTogether(
  store: IdempotencyStore,
  plans: readonly (readonly Operation[])[],
  pauses: readonly number[],
  names: Names,
  time: TestTime,
): Promise<readonly Event[]> {
  const events: Event[] = []
  let instant = 0

  async function act(actor: number, plan: readonly Operation[]): Promise<void> {
    for (const operation of plan) {
      for (let pause = 0; pause < (pauses[actor] as number); pause++) await Promise.resolve()
      const invokedAt = instant++
      const outcome = await perform(store, operation, names, time)
      if ('key' in operation) events.push({ actor, operation, outcome, invokedAt, returnedAt: instant++ })
    }
  }

  await Promise.all(plans.map((plan, actor) => act(actor, plan)))
  return events
}
