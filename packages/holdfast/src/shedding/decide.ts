/** How much it matters that a call is served, the most important first. */
export type Criticality = 'critical+' | 'critical' | 'sheddable+' | 'sheddable'

/** The share of the limit that calls of each criticality may fill (Google SRE, "Handling Overload"). */
export const shares: Readonly<Record<Criticality, number>> = { 'critical+': 1, critical: 0.9, 'sheddable+': 0.75, sheddable: 0.5 }

/** From this share of the limit on, callers are looked at one by one. */
const crowdedShare = 0.8
/** Standard deviations of what chance alone would do to an ordinary caller: with less, a short burst would be taken for greed. */
const deviations = 5

/** What is known when a call arrives. */
export interface Arrival {
  readonly criticality: Criticality
  /** Calls under way. */
  readonly underWay: number
  /** How many calls may be under way. */
  readonly limit: number
  /** Calls under way or waiting for this caller. */
  readonly ofCaller: number
  /** Callers with calls under way or waiting, this one included. */
  readonly callers: number
  /** Calls that wait. */
  readonly waiting: number
  /** How many calls may wait. */
  readonly places: number
}

/** What becomes of a call that arrives. `unfair`: its caller has more than its part while others need room. */
export type Admission = 'admit' | 'wait' | 'full' | 'unfair'

/** Decides whether a call is admitted, waits for a moment, or is refused. */
export function decideAdmission(arrival: Arrival): Admission {
  const { criticality, underWay, limit, waiting, places } = arrival
  if (isUnfair(arrival)) return 'unfair'
  // What matters most does not wait behind what matters less.
  const isNext = waiting === 0 || criticality === 'critical+'
  if (isNext && hasRoom(criticality, underWay, limit)) return 'admit'
  // Who may be shed is shed at once: the few places of the queue are for calls that matter.
  return isCritical(criticality) && waiting < places ? 'wait' : 'full'
}

/** Whether a caller has more than an equal part of a crowded process, and much more than the others have. */
function isUnfair({ underWay, limit, ofCaller, callers, waiting }: Arrival): boolean {
  if (callers < 2 || (waiting === 0 && underWay < crowdedShare * limit)) return false
  const ofOthers = (underWay + waiting - ofCaller) / (callers - 1)
  return ofCaller >= limit / callers && ofCaller >= ofOthers + deviations * Math.sqrt(Math.max(1, ofOthers))
}

/** Whether a call is not to be shed while there are others to shed. */
export function isCritical(criticality: Criticality): boolean {
  return criticality === 'critical+' || criticality === 'critical'
}

/** Whether one more call of a criticality fits. */
export function hasRoom(criticality: Criticality, underWay: number, limit: number): boolean {
  return underWay + 1 <= Math.max(1, Math.floor(shares[criticality] * limit))
}

/** How many calls may wait: with more, those that wait would be too late when their turn comes. */
export function longestQueue(limit: number): number {
  return Math.max(1, Math.floor(limit / 4))
}
