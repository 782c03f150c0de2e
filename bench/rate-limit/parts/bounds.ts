import { memory } from 'holdfast/memory'
import { compileLimit } from 'holdfast/rate-limit'
import type { LimitNumbers, LimitStore } from 'holdfast/rate-limit'
import { seededRandom } from 'holdfast/testing'
import { kinds } from '../bounds/kinds.ts'
import type { Kind } from '../bounds/kinds.ts'
import { randomSchedule } from '../bounds/schedule.ts'
import type { Admitted, Arrival } from '../bounds/schedule.ts'
import { progress } from '../../harness/progress.ts'
import type { Part } from '../part.ts'

const beginning = Date.UTC(2026, 2, 28)
/** Each has counters of its own; a store gets so many, so that none of them has to make room. */
const schedulesPerStore = 1_000

interface Found {
  readonly admitted: number
  readonly refused: number
  readonly margin: number
  /** How many schedules used a promise up to its last token: none, and the search would show nothing. */
  readonly exhausted: number
}

/** Random schedules against what each kind promises, through the memory store in virtual time. */
export const bounds: Part = {
  name: 'bounds',
  title: 'random schedules against what each kind of limit promises, in virtual time',
  async run({ schedules }) {
    const cells = kinds.map((kind) => {
      const { admitted, refused, margin, exhausted } = search(kind, schedules)
      const verdict = margin < 0 ? 'EXCEEDED' : 'kept'
      return [
        kind.name,
        kind.promise,
        ...[admitted, refused, exhausted].map((count) => count.toLocaleString('en')),
        String(margin),
        verdict,
      ]
    })
    return [
      {
        title: `bounds: ${schedules.toLocaleString('en')} random schedules of each kind, 20 to 80 calls each`,
        head: ['', 'at most', 'admitted', 'refused', 'schedules at the bound', 'worst margin, tokens', ''],
        cells,
        notes: ['worst margin: tokens by which the fullest interval of any schedule stayed below the bound; below 0 it was exceeded'],
      },
    ]
  },
}

function search(kind: Kind, schedules: number): Found {
  const random = seededRandom(1)
  let [admitted, refused, exhausted, margin] = [0, 0, 0, Number.POSITIVE_INFINITY]
  let now = beginning
  let { limits } = memory()
  for (let index = 0; index < schedules; index++) {
    if (index % schedulesPerStore === 0) ({ limits } = memory({ clock: { now: () => now, after: () => () => {} } }))
    if (index % 100_000 === 0 && index > 0) progress(`  ${kind.name}: ${index} schedules, worst margin ${margin}`)
    const numbers = kind.numbers(random)
    const schedule = randomSchedule(random)
    now = beginning
    const passed = run(limits, String(index), numbers, schedule, (waitMs) => (now += waitMs))
    admitted += passed.length
    refused += schedule.length - passed.length
    const own = kind.margin(numbers, passed)
    if (own === 0) exhausted += 1
    margin = Math.min(margin, own)
  }
  return { admitted, refused, margin, exhausted }
}

function run(
  store: LimitStore,
  owner: string,
  numbers: LimitNumbers,
  schedule: readonly Arrival[],
  wait: (ms: number) => number,
): Admitted[] {
  const { meterAt } = compileLimit(numbers)
  const admitted: Admitted[] = []
  for (const { waitMs, cost } of schedule) {
    const at = wait(waitMs)
    const taken = store.take([{ owner, counter: 'a', meter: meterAt(at), cost, shadow: false }])
    if ('then' in taken) throw new Error('the memory store made a caller wait')
    if (taken.admitted) admitted.push({ at, cost })
  }
  return admitted
}
