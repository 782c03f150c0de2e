import type { Entry, NewEntry } from './entry.ts'
import type { Settlement, Take } from './store.ts'

/** The result of an entry that grew too old to be sent under its key. */
export const keyTooOld = 'it was sent longer ago than servers keep its key'

/** Makes an entry of what was added. */
export function decideAdd(entry: NewEntry, seq: number, now: number): Entry {
  return {
    ...entry,
    seq,
    state: 'pending',
    attempts: 0,
    dueAt: now,
    owner: undefined,
    leaseUntil: undefined,
    firstSentAt: undefined,
    createdAt: now,
    settledAt: undefined,
    result: undefined,
  }
}

/** Whether an entry counts towards the limit of open ones. */
export const isOpen = ({ state }: Entry): boolean => state === 'pending' || state === 'sending'

/** Whether nothing in its lane has to come before it. An entry with an unknown outcome holds its lane until somebody has looked. */
export function isFirstOfLane(entry: Entry, all: readonly Entry[]): boolean {
  if (entry.lane === undefined) return true
  return !all.some((other) => other.lane === entry.lane && other.seq < entry.seq && (isOpen(other) || other.state === 'unknown'))
}

/** When an open entry may be taken. */
export const availableAt = ({ state, dueAt, leaseUntil = 0 }: Entry): number => (state === 'pending' ? dueAt : leaseUntil)

/** The entry that `take` takes. */
export function findTakeable(all: readonly Entry[], { id }: Pick<Take, 'id'>, now: number): Entry | undefined {
  const candidates = all.filter((entry) => isOpen(entry) && availableAt(entry) <= now && (id === undefined || entry.id === id))
  return candidates.toSorted((left, right) => left.seq - right.seq).find((entry) => isFirstOfLane(entry, all))
}

/** Takes an entry. The key stays what it was once anything was sent under it. */
export function decideTake(entry: Entry, { owner, leaseMs, keyLifetimeMs, freshKey }: Take, now: number): Entry {
  if (entry.firstSentAt !== undefined && entry.firstSentAt + keyLifetimeMs <= now)
    return { ...entry, state: 'unknown', owner: undefined, leaseUntil: undefined, settledAt: now, result: { error: keyTooOld } }
  const isStale = entry.firstSentAt === undefined && entry.createdAt + keyLifetimeMs <= now
  return {
    ...entry,
    key: isStale ? freshKey : entry.key,
    state: 'sending',
    attempts: entry.attempts + 1,
    firstSentAt: entry.firstSentAt ?? now,
    owner,
    leaseUntil: now + leaseMs,
  }
}

/** Prolongs a lease. One that ran out and was not taken over is the owner's still. */
export function decideRenew(entry: Entry | undefined, owner: string, leaseMs: number, now: number): Entry | undefined {
  return isHeldBy(entry, owner) ? { ...entry, leaseUntil: now + leaseMs } : undefined
}

/** Notes what came of a send. */
export function decideSettle(entry: Entry | undefined, owner: string, settlement: Settlement, now: number): Entry | undefined {
  if (!isHeldBy(entry, owner)) return undefined
  const { state, result } = settlement
  const settled: Entry = { ...entry, state, result, owner: undefined, leaseUntil: undefined }
  return settlement.state === 'pending' ? { ...settled, dueAt: now + settlement.waitMs } : { ...settled, settledAt: now }
}

/**
 * Makes a settled entry pending again. The outcome of a dead one is known, and recorded under its key, so that it needs a new one; an
 * unknown one may have been carried out under its key, so that it needs that.
 */
export function decideRetry(entry: Entry | undefined, freshKey: string, now: number): Entry | undefined {
  if (entry === undefined || (entry.state !== 'dead' && entry.state !== 'unknown')) return undefined
  const isDead = entry.state === 'dead'
  return {
    ...entry,
    state: 'pending',
    key: isDead ? freshKey : entry.key,
    attempts: isDead ? 0 : entry.attempts,
    firstSentAt: isDead ? undefined : now,
    createdAt: isDead ? now : entry.createdAt,
    dueAt: now,
    settledAt: undefined,
    result: undefined,
  }
}

function isHeldBy(entry: Entry | undefined, owner: string): entry is Entry {
  return entry !== undefined && entry.state === 'sending' && entry.owner === owner
}
