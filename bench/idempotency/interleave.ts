import { progress } from '../harness/progress.ts'
import { newTransfers } from './requests.ts'
import type { Sample, Subject } from './subject.ts'

/** How much is measured. */
export interface Amount {
  readonly rounds: number
  readonly requestsEach: number
}

/** What a subject did in each round: with new keys, and with the same keys again. */
export interface Measured {
  readonly first: Sample[]
  readonly replay: Sample[]
}

/** Until V8 has compiled it all, which takes the larger programs among those compared longer. */
const warmUpRequests = 40_000

/** Runs each subject until V8 has compiled what it will compile. */
export async function warmUp(subjects: readonly Subject[], requests: number = warmUpRequests): Promise<void> {
  for (const subject of subjects) {
    const calls = newTransfers(requests / 2)
    await subject.measure(calls)
    await subject.measure(calls)
  }
}

/**
 * Measures subjects in turns, every other round in reverse: what else goes on in the machine meets all of them alike, and the
 * neighbours that are compared with each other run within the same second.
 */
export async function interleave(
  subjects: readonly Subject[],
  amount: Amount,
  { withReplays }: { withReplays: boolean },
): Promise<Measured[]> {
  const measured: Measured[] = subjects.map(() => ({ first: [], replay: [] }))
  for (let round = 0; round < amount.rounds; round++) {
    const order = round % 2 === 0 ? [...subjects.keys()] : [...subjects.keys()].toReversed()
    for (const index of order) {
      const subject = subjects[index] as Subject
      const calls = newTransfers(amount.requestsEach)
      measured[index]?.first.push(await subject.measure(calls))
      if (withReplays) measured[index]?.replay.push(await subject.measure(calls))
    }
    if ((round + 1) % 5 === 0) progress(`  round ${round + 1} of ${amount.rounds}`)
  }
  return measured
}

/** One number of every round. */
export function each(samples: readonly Sample[], pick: (sample: Sample) => number): number[] {
  return samples.map(pick)
}
