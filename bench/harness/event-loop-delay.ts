import { monitorEventLoopDelay } from 'node:perf_hooks'

/** How late the event loop was, in milliseconds, while it was watched. */
export interface LoopDelay {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/**
 * Watches the event loop with a timer of 1 ms, the finest there is. What it records is the time from one shot to the next, so an idle loop
 * shows 1 ms and a bit: take off the median of an idle loop in the same process to get the delay.
 */
export function watchEventLoop(): () => LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  return () => {
    histogram.disable()
    return { p50: histogram.percentile(50) / 1e6, p99: histogram.percentile(99) / 1e6, max: histogram.max / 1e6 }
  }
}
