import type { LimitNumbers } from 'holdfast/rate-limit'
import { inWorstWindow, marginOfIntervals } from './schedule.ts'
import type { Admitted } from './schedule.ts'

/** A kind of limit: random numbers for it, and how far what it let through stays below what it promises. */
export interface Kind {
  readonly name: string
  readonly promise: string
  numbers(random: () => number): LimitNumbers
  margin(numbers: LimitNumbers, admitted: readonly Admitted[]): number
}

const windows = [0.05, 0.333, 1, 2.5, 10, 60] as const
const hourMs = 3_600_000

/** Half of them are small, so that there is much to refuse. */
const whole = (random: () => number): number => 1 + Math.floor(random() * (random() < 0.5 ? 6 : 60))
const windowSeconds = (random: () => number): number => windows[Math.floor(random() * windows.length)] as number
const belowLimit = ({ limit, windowSeconds: seconds = 0 }: LimitNumbers, admitted: readonly Admitted[]): number =>
  limit - inWorstWindow(admitted, seconds * 1_000)

export const kinds: readonly Kind[] = [
  {
    name: 'bucket',
    promise: 'burst + floor(t * limit / window) in every interval t',
    numbers: (random) => ({ name: 'a', limit: whole(random), windowSeconds: windowSeconds(random), burst: whole(random) }),
    margin: ({ limit, windowSeconds: seconds = 0, burst = 0 }, admitted) =>
      marginOfIntervals(admitted, (ms) => burst + Math.floor((ms * limit) / (seconds * 1_000))),
  },
  {
    name: 'strict bucket',
    promise: 'limit in every window',
    numbers(random) {
      const burst = whole(random)
      return { name: 'a', limit: burst + whole(random), windowSeconds: windowSeconds(random), burst, strict: true }
    },
    margin: belowLimit,
  },
  {
    name: 'window',
    promise: 'limit in every window',
    numbers: (random) => ({ name: 'a', kind: 'window', limit: whole(random), windowSeconds: windowSeconds(random) }),
    margin: belowLimit,
  },
  {
    name: 'calendar',
    promise: 'limit from one hour to the next',
    numbers: (random) => ({ name: 'a', kind: 'calendar', period: 'hour', limit: whole(random) }),
    margin({ limit }, admitted) {
      const hours = new Map<number, number>()
      for (const { at, cost } of admitted) {
        const hour = Math.floor(at / hourMs)
        hours.set(hour, (hours.get(hour) ?? 0) + cost)
      }
      return limit - Math.max(0, ...hours.values())
    },
  },
]
