import { monitorEventLoopDelay } from 'node:perf_hooks'

/** How late the event loop was, at the 99th percentile since the last time it was asked, milliseconds. */
export type LoopDelay = () => number

const resolutionMs = 20

/**
 * Watches the event loop. Each question begins a new interval: a percentile over the life of the process would hide what happens now.
 */
export function watchEventLoop(): LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs })
  histogram.enable()
  return () => {
    const delay = histogram.percentile(99) / 1e6 - resolutionMs
    histogram.reset()
    return Math.max(0, delay)
  }
}
