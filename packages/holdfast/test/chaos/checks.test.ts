import { describe, expect, it } from 'vitest'
import { checkHistory, checks } from './checks.ts'
import type { Attempt, History } from './history.ts'

type Answer = NonNullable<Attempt['answer']>

const made: Answer = { status: 201, essence: 'made', id: 'trf_1', code: undefined }
const reused: Answer = { status: 422, essence: 'reused', id: undefined, code: 'key-reused' }
const busy: Answer = { status: 503, essence: 'busy', id: undefined, code: 'store-unavailable' }
const attemptOf = (operation: number, attempt: number, answer: Answer | undefined): Attempt => ({
  operation,
  attempt,
  startedAt: 0,
  endedAt: 10,
  answer,
})

const good: History = {
  operations: [
    { index: 0, key: 'a', cents: 100, isMisuse: false },
    { index: 1, key: 'a', cents: 999, isMisuse: true },
    { index: 2, key: 'b', cents: 200, isMisuse: false },
  ],
  attempts: [
    attemptOf(0, 0, undefined),
    attemptOf(0, 1, made),
    attemptOf(0, 2, made),
    attemptOf(1, 0, busy),
    attemptOf(1, 1, reused),
    attemptOf(2, 0, { ...made, essence: 'made b', id: 'trf_2' }),
  ],
  rows: [
    { id: 'trf_1', key: 'a', cents: 100 },
    { id: 'trf_2', key: 'b', cents: 200 },
  ],
  sumCents: 0,
  entries: 4,
  outages: [],
}

const [first, second] = good.rows as [History['rows'][number], History['rows'][number]]
const answering = (operation: number, answer: Answer): History => ({
  ...good,
  attempts: [...good.attempts, attemptOf(operation, 9, answer)],
})

/** For each check a history with the bug it is there to find. */
const mutants: readonly (readonly [title: string, check: keyof typeof checks, history: History])[] = [
  ['an acknowledged transfer is gone', 'acknowledgedExist', { ...good, rows: [first], entries: 2 }],
  ['an acknowledged transfer has another id', 'acknowledgedExist', { ...good, rows: [{ ...first, id: 'trf_9' }, second] }],
  ['a transfer is there twice', 'neverTwice', { ...good, rows: [first, second, { ...second, id: 'trf_3' }], entries: 6 }],
  [
    'a transfer is there that nobody asked for',
    'noGhosts',
    { ...good, rows: [...good.rows, { id: 'trf_3', key: 'c', cents: 1 }], entries: 6 },
  ],
  ['a misused key moved its own amount', 'noGhosts', { ...good, rows: [{ ...first, cents: 999 }, second] }],
  ['a repeat was answered with other bytes', 'equalAnswers', answering(0, { ...made, essence: 'made, later' })],
  ['a misused key got the answer', 'misuseRefused', answering(1, made)],
  ['money appeared', 'moneyStays', { ...good, sumCents: 1 }],
  ['a transfer has one entry', 'moneyStays', { ...good, entries: 3 }],
  ['a crash showed as 500', 'documentedAnswers', answering(2, { status: 500, essence: '', id: undefined, code: 'handler-failed' })],
  ['a call was never answered', 'everybodyLearns', { ...good, attempts: good.attempts.filter(({ operation }) => operation !== 2) }],
  ['a call hung', 'nobodyHangs', { ...good, attempts: [...good.attempts, { ...attemptOf(0, 9, made), endedAt: 60_000 }] }],
]

describe('the checks of a history', () => {
  it('find nothing in one that keeps every promise', () => expect(checkHistory(good)).toEqual([]))

  it.each(mutants)('%s: %s finds it', (_title, check, history) => {
    expect(checks[check](history)).not.toEqual([])
  })

  it('have a planted bug each', () => {
    expect(new Set(mutants.map(([, check]) => check))).toEqual(new Set(Object.keys(checks)))
  })

  it('forgive a call that waited for a restart', () => {
    const late: Attempt = { ...attemptOf(0, 9, made), endedAt: 60_000 }
    expect(checks.nobodyHangs({ ...good, attempts: [late], outages: [{ from: 100, until: 59_000 }] })).toEqual([])
  })
})
