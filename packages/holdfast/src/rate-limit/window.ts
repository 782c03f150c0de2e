import type { MeterState, WindowMeter } from './record.ts'

/** Parts a window is kept in. More would keep a limit busier (12/13 of it at worst) and cost more room. */
const parts = 12
/** A window that begins inside a segment also touches the one it ends in. */
const kept = parts + 1
const header = 2

/** The segment an instant lies in. Exact: the division of two whole numbers below 2^53 never rounds up to the next one. */
export function segmentAt(windowMs: number, now: number): number {
  return Math.floor((now * parts) / windowMs)
}

/** The first millisecond of a segment. */
function startOf(windowMs: number, segment: number): number {
  return Math.ceil((segment * windowMs) / parts)
}

const slot = (segment: number): number => header + (segment % kept)

/** The window as it is at `now`: segments that no window up to now can touch are empty. A clock that went back moves nothing. */
export function windowAt(meter: WindowMeter, state: MeterState | undefined, now: number): MeterState {
  const current = segmentAt(meter.windowMs, now)
  if (state === undefined) return emptyWindow(meter, current)
  const [segment, windowMs] = state as readonly [number, number]
  if (windowMs !== meter.windowMs) {
    // Another plan divides time otherwise: what is used stays used, as if it were of now.
    const used = usedOf(windowAt({ ...meter, windowMs }, state, now))
    return withTokens(emptyWindow(meter, current), current, Math.min(used, meter.ceiling))
  }
  if (current <= segment) return current < segment && usedOf(state) === 0 ? emptyWindow(meter, current) : state
  const moved = [...state]
  moved[0] = current
  if (current - segment >= kept) moved.fill(0, header)
  else for (let passed = segment + 1; passed <= current; passed++) moved[slot(passed)] = 0
  return moved
}

function emptyWindow({ windowMs }: WindowMeter, segment: number): MeterState {
  return [segment, windowMs, ...Array.from({ length: kept }, () => 0)]
}

function withTokens(state: MeterState, segment: number, tokens: number): MeterState {
  return state.with(slot(segment), tokens)
}

/** All tokens that some window ending now may touch. */
export function usedOf(state: MeterState): number {
  let sum = 0
  for (let index = header; index < state.length; index++) sum += state[index] as number
  return sum
}

/** The instant from which no window touches a segment of the state. */
export function windowEnd(windowMs: number, state: MeterState): number {
  return startOf(windowMs, (state[0] as number) + kept)
}

/** The window after `cost` tokens more. */
export function windowDebited(state: MeterState, cost: number): MeterState {
  const segment = state[0] as number
  return withTokens(state, segment, (state[slot(segment)] as number) + cost)
}

/** The window after a settlement. Tokens go back to the segment they were taken in, or nowhere when that has passed. */
export function windowSettled(meter: WindowMeter, state: MeterState, delta: number, takenAt: number): MeterState {
  const segment = state[0] as number
  if (delta > 0) return windowDebited(state, Math.max(0, Math.min(delta, meter.ceiling - usedOf(state))))
  const taken = segmentAt(meter.windowMs, takenAt)
  if (taken > segment || taken <= segment - kept) return state
  return withTokens(state, taken, Math.max(0, (state[slot(taken)] as number) + delta))
}

/** Milliseconds until a cost fits: until enough segments have passed out of every window. */
export function windowWaitMs(meter: WindowMeter, state: MeterState, cost: number, now: number): number {
  if (cost > meter.limit) return Number.POSITIVE_INFINITY
  const segment = state[0] as number
  let used = usedOf(state)
  for (let passed = 0; passed < kept; passed++) {
    if (used + cost <= meter.limit) return passed === 0 ? 0 : Math.max(1, startOf(meter.windowMs, segment + passed) - now)
    used -= state[slot(segment - parts + passed)] as number
  }
  return Math.max(1, startOf(meter.windowMs, segment + kept) - now)
}
