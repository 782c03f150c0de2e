/** What happened in one window of time, of one class of routes. */
export interface ClassWindow {
  readonly completions: number
  /** The median time from admission to the answer's head, milliseconds. */
  readonly medianMs: number
}

/** What happened in one window of time. */
export interface Window {
  /** By class of routes: a slow report must not make fast reads look slow. */
  readonly classes: ReadonlyMap<string, ClassWindow>
  readonly mostUnderWay: number
  /** Whether calls were refused or had to wait: then answers may take long because of how many are under way. */
  readonly isSaturated: boolean
  /** Whether a call ran out of time or was answered as overloaded, or the event loop was late. */
  readonly isOverloaded: boolean
}

/** The limit, and how long answers of each class take in the long run, milliseconds. */
export interface LimitState {
  readonly limit: number
  readonly baselines: ReadonlyMap<string, number>
}

/** Where the limit may go. */
export interface LimitBounds {
  readonly min: number
  readonly max: number
}

/** How many windows the long-run latency remembers. */
const remembered = 600
/** Latency may rise by half before the limit falls. */
const tolerance = 1.5
const largestCut = 0.5
const smoothing = 0.2
const overloadCut = 0.9
/** Where the baseline is this many times what answers take now, it forgets faster. */
const tooOld = 2

/**
 * The next limit after a window (Netflix Gradient2): it falls as answers take longer than in the long run, and else grows by its square root. A
 * window in which not half of the limit was used says nothing about it.
 */
export function decideLimit(state: LimitState, window: Window, bounds: LimitBounds): LimitState {
  const baselines = nextBaselines(state.baselines, window)
  if (window.isOverloaded) return { limit: clamp(state.limit * overloadCut, bounds), baselines }
  if (window.mostUnderWay < state.limit / 2) return { limit: state.limit, baselines }
  const gradient = gradientOf(state.baselines, window.classes)
  const aimed = state.limit * gradient + Math.sqrt(state.limit)
  return { limit: clamp((1 - smoothing) * state.limit + smoothing * aimed, bounds), baselines }
}

/**
 * Baselines after what was seen while few calls were under way: how long answers take when nothing but themselves makes them slow. Looked for
 * from time to time under lasting overload, as Envoy's gradient controller does: learned from crowded windows, the baseline would follow the
 * latency that the limit itself allows, and the limit the baseline, without end.
 */
export function learnBaselines(state: LimitState, classes: Window['classes']): LimitState {
  const baselines = new Map(state.baselines)
  for (const [name, { medianMs }] of classes) baselines.set(name, medianMs)
  return { limit: state.limit, baselines }
}

function nextBaselines(before: LimitState['baselines'], { classes, isSaturated }: Window): ReadonlyMap<string, number> {
  const baselines = new Map(before)
  for (const [name, { medianMs }] of classes) {
    const known = baselines.get(name)
    if (known !== undefined && isSaturated && medianMs > known) continue
    const next = known === undefined ? medianMs : known + (medianMs - known) * (2 / (remembered + 1))
    baselines.set(name, next > tooOld * medianMs ? next * overloadCut : next)
  }
  return baselines
}

/** How much of the limit is to stay, from a half to all of it; each class counts by how many calls it had. */
function gradientOf(baselines: LimitState['baselines'], classes: Window['classes']): number {
  let weighted = 0
  let completions = 0
  for (const [name, window] of classes) {
    const baseline = baselines.get(name) ?? window.medianMs
    const ratio = window.medianMs === 0 ? 1 : (tolerance * baseline) / window.medianMs
    weighted += window.completions * clamp(ratio, { min: largestCut, max: 1 })
    completions += window.completions
  }
  return completions === 0 ? 1 : weighted / completions
}

function clamp(value: number, { min, max }: LimitBounds): number {
  return Math.min(max, Math.max(min, value))
}
