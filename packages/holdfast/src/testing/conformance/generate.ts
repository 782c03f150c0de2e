import type { Random } from '../../core/index.ts'
import { hourMs } from './operation.ts'
import type { ClaimOperation, Operation } from './operation.ts'

/** What the store of a history can do, and how wide the history is. */
export interface Vocabulary {
  readonly keys: number
  readonly owners: number
  readonly quota: boolean
  readonly step: boolean
  readonly transact: boolean
  readonly advance: boolean
}

/**
 * Makes a random history. Every other operation stays with the key and the owner of the one before, without which a key would hardly
 * ever get past its second state.
 */
export function generateHistory(random: Random, length: number, vocabulary: Vocabulary): Operation[] {
  let subject = { key: 0, owner: 0 }
  return Array.from({ length }, () => {
    if (random() < 0.5) subject = { key: below(random, vocabulary.keys), owner: below(random, vocabulary.owners) }
    return generateOperation(random, vocabulary, subject)
  })
}

/** Makes one random operation, claims and completions more often than the rest. */
function generateOperation(random: Random, vocabulary: Vocabulary, { key, owner }: { key: number; owner: number }): Operation {
  const retentionMs = pick(random, [hourMs, hourMs, hourMs, 0])
  switch (pick(random, kindsOf(vocabulary))) {
    case 'complete':
      return { kind: 'complete', key, owner, answer: answerOf(random), retentionMs }
    case 'release':
      return { kind: 'release', key, owner, retentionMs }
    case 'abandon':
      return { kind: 'abandon', key, owner }
    case 'heartbeat':
      return { kind: 'heartbeat', key, owner, leaseMs: pick(random, [hourMs, 0]) }
    case 'resolve':
      return { kind: 'resolve', key, owner, answer: pick(random, [undefined, answerOf(random)]), retentionMs }
    case 'step':
      return { kind: 'step', key, owner, progress: `progress ${below(random, 100)}` }
    case 'transact': {
      // Whether a transaction that found a lapsed lease also marks the key unknown is left to the store, so it is not asked for.
      const claim = { ...claimOn(key, owner, random, vocabulary), onOrphan: 'rerun' as const }
      return {
        ...claim,
        kind: 'transact',
        end: pick(random, ['commit', 'commit', 'roll back', 'throw']),
        answer: answerOf(random),
        retentionMs,
      }
    }
    case 'lookup':
      return { kind: 'lookup', key }
    case 'collect':
      return { kind: 'collect', limit: 1 + below(random, 3) }
    case 'advance':
      return { kind: 'advance', ms: pick(random, [hourMs / 2, hourMs, 2 * hourMs]) }
    default:
      return { kind: 'claim', ...claimOn(key, owner, random, vocabulary) }
  }
}

function kindsOf({ step, transact, advance }: Vocabulary): readonly Operation['kind'][] {
  return [
    ...([
      'claim',
      'claim',
      'claim',
      'claim',
      'complete',
      'complete',
      'release',
      'abandon',
      'heartbeat',
      'resolve',
      'lookup',
      'collect',
    ] as const),
    ...(step ? (['step'] as const) : []),
    ...(transact ? (['transact', 'transact'] as const) : []),
    ...(advance ? (['advance'] as const) : []),
  ]
}

function claimOn(key: number, owner: number, random: Random, { quota }: Vocabulary): Omit<ClaimOperation, 'kind'> {
  return {
    key,
    owner,
    fingerprint: pick(random, [0, 0, 0, 0, 1]),
    leaseMs: pick(random, [hourMs, hourMs, 0]),
    onOrphan: pick(random, ['unknown', 'rerun']),
    minted: pick(random, ['unsaid', 'recently', 'too long ago']),
    quota: quota ? pick(random, [undefined, undefined, 1, 2]) : undefined,
  }
}

function answerOf(random: Random): string {
  return pick(random, ['', `answer ${below(random, 1000)}`])
}

/** A whole number below `limit`. */
export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit)
}

/** One of several values. */
export function pick<const T>(random: Random, values: readonly T[]): T {
  return values[below(random, values.length)] as T
}
