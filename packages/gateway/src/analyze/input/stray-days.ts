const dayMs = 86_400_000
/** A service may rest over a holiday. */
const longestGapDays = 31
/** More lines than this part are no damage but another time. */
const strayShare = 0.001

/** The time that a log is about. */
export interface MainTime {
  readonly from: number
  readonly to: number
  /** Requests outside of it. */
  readonly strays: number
}

/** Counts requests by day, to find those few whose timestamp is of another year: a machine that booted without a clock, a damaged line. */
export interface DayCounter {
  see(at: number): void
  mainTime(): MainTime
}

export function createDayCounter(): DayCounter {
  const counts = new Map<number, number>()
  let lastDay = Number.NaN
  let inLastDay = 0
  const keep = (): void => {
    if (inLastDay > 0) counts.set(lastDay, (counts.get(lastDay) ?? 0) + inLastDay)
    inLastDay = 0
  }
  return {
    see(at) {
      const day = Math.floor(at / dayMs)
      if (day !== lastDay) {
        keep()
        lastDay = day
      }
      inLastDay++
    },
    mainTime() {
      keep()
      const islands = islandsOf([...counts].toSorted(([left], [right]) => left - right))
      const total = islands.reduce((sum, { count }) => sum + count, 0)
      const main = islands.toSorted((left, right) => right.count - left.count)[0]
      const strays = total - (main?.count ?? 0)
      if (main === undefined || strays === 0 || strays > strayShare * total)
        return { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY, strays: 0 }
      return { from: main.first * dayMs, to: (main.last + 1) * dayMs - 1, strays }
    },
  }
}

interface Island {
  readonly first: number
  readonly last: number
  readonly count: number
}

function islandsOf(days: readonly (readonly [day: number, count: number])[]): readonly Island[] {
  const islands: Island[] = []
  for (const [day, count] of days) {
    const last = islands.at(-1)
    if (last !== undefined && day - last.last <= longestGapDays)
      islands[islands.length - 1] = { first: last.first, last: day, count: last.count + count }
    else islands.push({ first: day, last: day, count })
  }
  return islands
}
