import type { ClassWindow, Window } from './adaptive-limit.ts'

/** A window is long enough to smooth over single answers, and has enough of them for a median. */
const shortestMs = 250
const fewestCompletions = 20
/** Samples of one class kept in a window; a median needs no more. */
const mostSamples = 512

/** Collects what happens until there is enough of it to judge by. */
export interface LatencyWindow {
  underWay(count: number): void
  /** One answer's time; those of calls that began before the limit was last cut are left out. */
  answered(routeClass: string, startedAt: number, now: number): void
  overloaded(startedAt: number): void
  /** A call was refused, or has to wait. */
  saturated(): void
  /** The window, when it is over; then the next begins. */
  close(now: number, isLoopLate: () => boolean): Window | undefined
  /** Begins a new window, and leaves out calls that began before it. */
  restart(now: number): void
  /** What has been seen since the window began, however little; `undefined` where that is less than a median needs. */
  peek(fewest: number): ReadonlyMap<string, ClassWindow> | undefined
}

interface Samples {
  readonly latencies: number[]
  completions: number
}

/** Makes a window that begins now. */
export function createLatencyWindow(now: number): LatencyWindow {
  let beganAt = now
  let countsFrom = now
  let completions = 0
  let mostUnderWay = 0
  let isOverloaded = false
  let isSaturated = false
  let classes = new Map<string, Samples>()

  function begin(at: number): void {
    beganAt = at
    completions = 0
    mostUnderWay = 0
    isOverloaded = false
    isSaturated = false
    classes = new Map()
  }

  return {
    underWay(count) {
      mostUnderWay = Math.max(mostUnderWay, count)
    },
    answered(routeClass, startedAt, at) {
      if (startedAt < countsFrom) return
      completions += 1
      let samples = classes.get(routeClass)
      if (samples === undefined) classes.set(routeClass, (samples = { latencies: [], completions: 0 }))
      samples.completions += 1
      const latency = at - startedAt
      if (samples.latencies.length < mostSamples) samples.latencies.push(latency)
      else samples.latencies[samples.completions % mostSamples] = latency
    },
    overloaded(startedAt) {
      if (startedAt >= countsFrom) isOverloaded = true
    },
    saturated() {
      isSaturated = true
    },
    close(at, isLoopLate) {
      if (at - beganAt < shortestMs || (completions < fewestCompletions && !isOverloaded)) return undefined
      const window: Window = { classes: summarise(classes), mostUnderWay, isSaturated, isOverloaded: isLoopLate() || isOverloaded }
      begin(at)
      return window
    },
    restart(at) {
      countsFrom = at
      begin(at)
    },
    peek: (fewest) => (completions < fewest ? undefined : summarise(classes)),
  }
}

function summarise(classes: ReadonlyMap<string, Samples>): ReadonlyMap<string, ClassWindow> {
  const summary = new Map<string, ClassWindow>()
  for (const [name, { latencies, completions }] of classes) {
    const sorted = latencies.toSorted((a, b) => a - b)
    summary.set(name, { completions, medianMs: sorted[sorted.length >> 1] ?? 0 })
  }
  return summary
}
