import type { Pin, VersionSource } from './store.ts'

/** Where a version stands. */
export type VersionState = 'preview' | 'current' | 'deprecated' | 'retired'

/** What is known of one version at this moment. */
export interface VersionStanding {
  readonly id: string
  readonly state: VersionState
  /** When the brownout that is on now ends, milliseconds since the epoch. */
  readonly brownoutUntil: number | undefined
}

/** What a caller asked for, and where. */
export interface Asked {
  readonly at: string
  readonly value: string
}

/** What is known of a call before its version is decided. */
export interface Question {
  /** In order, the oldest first. */
  readonly standings: readonly VersionStanding[]
  readonly asked: readonly Asked[]
  readonly pinned: string | undefined
  /** For callers without a pin. */
  readonly fallback: string
  /** A retired version leads to the next one that is not. */
  readonly fallForward: boolean
  /** A version that never existed leads to the one before it, by date. */
  readonly nearestEarlier: boolean
  /** Whether brownouts of a version spare this account. */
  readonly isExempt: (version: string) => boolean
}

/** The version of a call, or why it has none. */
export type Verdict =
  | { readonly kind: 'version'; readonly version: string; readonly source: VersionSource }
  | { readonly kind: 'conflict'; readonly asked: readonly Asked[] }
  | { readonly kind: 'unknown'; readonly asked: Asked }
  | { readonly kind: 'retired'; readonly version: string; readonly successor: string | undefined }
  | { readonly kind: 'brownout'; readonly version: string; readonly until: number; readonly successor: string | undefined }

/** Decides the version of a call: what it asks for, else the account's pin, else the fallback. */
export function decideVersion(question: Question): Verdict {
  const { asked, pinned, fallback, standings, isExempt } = question
  const [first] = asked
  if (first !== undefined && asked.some(({ value }) => value !== first.value)) return { kind: 'conflict', asked }
  const source: VersionSource = first !== undefined ? 'explicit' : pinned !== undefined ? 'pin' : 'default'
  const wanted = first?.value ?? pinned ?? fallback
  const place = placeOf(question, wanted)
  if (place < 0) {
    // A pin to a version that is gone altogether is as good as one to a retired version.
    if (first === undefined) return { kind: 'retired', version: wanted, successor: successorOf(standings, -1)?.id }
    return { kind: 'unknown', asked: first }
  }
  let standing = standings[place] as VersionStanding
  if (standing.state === 'retired') {
    const successor = successorOf(standings, place)
    if (!question.fallForward || successor === undefined) return { kind: 'retired', version: standing.id, successor: successor?.id }
    standing = successor
  }
  if (standing.brownoutUntil !== undefined && !isExempt(standing.id))
    return {
      kind: 'brownout',
      version: standing.id,
      until: standing.brownoutUntil,
      successor: successorOf(standings, standings.indexOf(standing))?.id,
    }
  return { kind: 'version', version: standing.id, source }
}

/** What a caller without a pin is pinned to: the newest version that is neither a preview nor on its way out. */
export function latestCurrent(standings: readonly VersionStanding[]): VersionStanding | undefined {
  return standings.findLast(({ state }) => state === 'current') ?? standings.findLast(({ state }) => state === 'deprecated')
}

/** The oldest version that still answers. */
export function oldestSupported(standings: readonly VersionStanding[]): VersionStanding | undefined {
  return standings.find(({ state }) => state === 'current' || state === 'deprecated') ?? standings.find(({ state }) => state === 'preview')
}

function placeOf({ standings, nearestEarlier }: Question, wanted: string): number {
  const exact = standings.findIndex(({ id }) => id === wanted)
  if (exact >= 0 || !nearestEarlier || !/^\d{4}-\d{2}-\d{2}$/.test(wanted)) return exact
  return standings.findLastIndex(({ id, state }) => state !== 'preview' && id.slice(0, 10) <= wanted)
}

function successorOf(standings: readonly VersionStanding[], place: number): VersionStanding | undefined {
  return standings.slice(place + 1).find(({ state }) => state === 'current' || state === 'deprecated')
}

/** What may become of a pin. */
export type PinVerdict =
  | { readonly kind: 'same' }
  | { readonly kind: 'set'; readonly from: string | undefined; readonly isRollback: boolean }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'retired' }
  | { readonly kind: 'rollback-over' }
  | { readonly kind: 'downgrade' }

/**
 * Decides whether an account's pin may become another one: a later version always, the one before the last upgrade while its window is open.
 *
 * @param pin what stands; an account without a pin may choose any version
 */
export function decidePin(standings: readonly VersionStanding[], pin: Pin | undefined, to: string, rollbackWindowMs: number): PinVerdict {
  const place = standings.findIndex(({ id }) => id === to)
  const standing = standings[place]
  if (standing === undefined) return { kind: 'unknown' }
  if (standing.state === 'retired') return { kind: 'retired' }
  if (pin === undefined) return { kind: 'set', from: undefined, isRollback: false }
  if (pin.version === to) return { kind: 'same' }
  const before = standings.findIndex(({ id }) => id === pin.version)
  if (place > before) return { kind: 'set', from: pin.version, isRollback: false }
  if (pin.from !== to) return { kind: 'downgrade' }
  return pin.ageMs <= rollbackWindowMs ? { kind: 'set', from: undefined, isRollback: true } : { kind: 'rollback-over' }
}
