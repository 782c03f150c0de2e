import { remaining, settle, stateAt } from './decide.ts'
import type { Meter, MeterState, TakeItem } from './store.ts'

/** What leases are made out for. */
export interface LeaseTerms {
  /** Nodes that share the store. */
  readonly nodes: number
  /** How long tokens may be kept before they are spent. */
  readonly leaseMs: number
  /** The part of a limit that all nodes together may hold unspent. */
  readonly share: number
}

/** Tokens of one counter that a node has taken, and may spend without asking. */
export interface Lease {
  readonly meter: Meter
  /** How many were taken at once. */
  readonly size: number
  /** How many are left. Spent in place: this is what every call does. */
  left: number
  /** When the store was asked, by the node's own clock. */
  readonly since: number
  /** What the store's clock showed when it answered, and how the counter stood then. */
  readonly grantedAt: number
  readonly state: MeterState
}

/** Whether tokens of an item can be taken ahead. Of a calendar they would be lost where they lapse, and a shadow has no say. */
export function isLeasable({ meter, cost, shadow }: TakeItem): boolean {
  return meter.kind !== 'calendar' && cost > 0 && !shadow
}

/**
 * The most tokens one node may hold: its part of the share, and no more than comes in during a lease, so that what is wasted by a node that
 * dies is there again one lease later.
 */
export function largestLease(meter: Meter, { nodes, leaseMs, share }: LeaseTerms): number {
  switch (meter.kind) {
    case 'bucket':
      return clamp((share * meter.burst) / nodes, ((meter.rate / meter.unit) * leaseMs) / nodes)
    case 'window':
      return clamp((share * meter.limit) / nodes, ((meter.limit / meter.windowMs) * leaseMs) / nodes)
    case 'calendar':
      return 1
  }
}

const clamp = (wanted: number, most: number): number => Math.max(1, Math.floor(Math.min(wanted, most)))

/** Whether a lease can still be spent. */
export function isLive(lease: Lease, now: number, { leaseMs }: LeaseTerms): boolean {
  return now - lease.since < leaseMs
}

/** How many tokens to take after a lease that is used up or over: twice as many when they went fast, half when half were not wanted. */
export function nextSize(lease: Lease | undefined, meter: Meter, now: number, terms: LeaseTerms): number {
  if (lease === undefined || lease.meter !== meter) return 1
  const most = largestLease(meter, terms)
  if (!isLive(lease, now, terms)) return lease.left * 2 >= lease.size ? Math.max(1, Math.floor(lease.size / 2)) : Math.min(lease.size, most)
  return now - lease.since < terms.leaseMs / 4 ? Math.min(lease.size * 2, most) : Math.min(lease.size, most)
}

/** Whether so little is left that tokens held by one node would be missed by another. */
export function isNearlyExhausted(lease: Lease, size: number, now: number, { nodes }: LeaseTerms): boolean {
  const { meter, state } = lease
  return remaining(meter, stateAt(meter, state, storeTime(lease, now))) < 2 * nodes * size
}

/** What the store's clock shows now, as far as the node knows. */
export function storeTime({ grantedAt, since }: Lease, now: number): number {
  return grantedAt + Math.max(0, Math.floor(now - since))
}

/** How the counter stands for this node: what it holds unspent is not used. */
export function standingState({ meter, left, state, grantedAt }: Lease, at: number): MeterState {
  return settle({ owner: '', counter: '', meter, delta: -left }, state, grantedAt, at)
}
