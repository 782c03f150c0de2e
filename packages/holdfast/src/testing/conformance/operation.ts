import type { OrphanPolicy } from '../../idempotency/record.ts'

// An hour is "never" for a test, zero is "at once", whatever the clock of the store shows.
export const hourMs = 3_600_000

interface OnKey {
  /** Which of a history's few keys. */
  readonly key: number
  /** Which of a history's few owners. */
  readonly owner: number
}

/** A claim, in the small vocabulary of random histories. */
export interface ClaimOperation extends OnKey {
  readonly kind: 'claim'
  readonly fingerprint: number
  readonly leaseMs: number
  readonly onOrphan: OrphanPolicy
  readonly minted: 'unsaid' | 'recently' | 'too long ago'
  readonly quota: number | undefined
}

/** One step of a random history. */
export type Operation =
  | ClaimOperation
  | (OnKey & { readonly kind: 'complete'; readonly answer: string; readonly retentionMs: number })
  | (OnKey & { readonly kind: 'release'; readonly retentionMs: number })
  | (OnKey & { readonly kind: 'abandon' })
  | (OnKey & { readonly kind: 'heartbeat'; readonly leaseMs: number })
  | (OnKey & { readonly kind: 'resolve'; readonly answer: string | undefined; readonly retentionMs: number })
  | (OnKey & { readonly kind: 'step'; readonly progress: string })
  | (Omit<ClaimOperation, 'kind'> & {
      readonly kind: 'transact'
      readonly end: 'commit' | 'roll back' | 'throw'
      readonly answer: string
      readonly retentionMs: number
    })
  | { readonly kind: 'lookup'; readonly key: number }
  | { readonly kind: 'collect'; readonly limit: number }
  | { readonly kind: 'advance'; readonly ms: number }

/** Writes an operation the way failure messages show it. */
export function toText(operation: Operation): string {
  const { kind, ...rest } = operation
  const parts = Object.entries(rest).map(([name, value]) => (value === undefined ? '' : describe(name, value)))
  return `${kind}(${parts.filter((part) => part !== '').join(', ')})`
}

function describe(name: string, value: string | number): string {
  switch (name) {
    case 'key':
      return `key ${value}`
    case 'owner':
      return `owner ${'ABCDEFGH'.charAt(Number(value))}`
    case 'minted':
      return value === 'unsaid' ? '' : `minted ${value}`
    default:
      return `${name} ${value === hourMs ? 'an hour' : JSON.stringify(value)}`
  }
}
