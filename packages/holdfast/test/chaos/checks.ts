import type { Attempt, History, Operation } from './history.ts'

/** A promise that was broken, in words. */
export interface Violation {
  readonly rule: string
  readonly detail: string
}

/** Looks for one kind of broken promise. Pure: sees only what callers saw, and what is really there. */
export type Check = (history: History) => Violation[]

/** Callers that repeat an acknowledged call always find it, once, under the id they were told. */
const acknowledgedExist: Check = ({ operations, attempts, rows }) =>
  attempts.flatMap((attempt) => {
    const operation = operations[attempt.operation]
    if (operation === undefined || attempt.answer?.status !== 201) return []
    const found = rows.filter(({ key }) => key === operation.key)
    const isThere = found.length === 1 && found[0]?.id === attempt.answer.id && found[0]?.cents === operation.cents
    return isThere
      ? []
      : [violation('acknowledged calls exist once', operation, `was answered with ${attempt.answer.id}; there are ${show(found)}`)]
  })

/** Acknowledged or not, no call takes effect twice. */
const neverTwice: Check = ({ operations, rows }) =>
  operations.flatMap((operation) => {
    const found = rows.filter(({ key }) => key === operation.key)
    return found.length > 1 ? [violation('no call takes effect twice', operation, `has ${show(found)}`)] : []
  })

/** Nothing is there that nobody asked for, and nothing with another amount than was asked for. */
const noGhosts: Check = ({ operations, rows }) =>
  rows.flatMap((row) => {
    const owner = operations.find(({ key, isMisuse }) => key === row.key && !isMisuse)
    return owner?.cents === row.cents ? [] : [{ rule: 'no ghost', detail: `nobody asked for ${show([row])}` }]
  })

/** Every whole answer to a call that succeeded is the same, byte for byte. */
const equalAnswers: Check = ({ operations, attempts }) =>
  operations.flatMap((operation) => {
    const successes = answersTo(operation, attempts).filter(({ status }) => status === 201)
    const different = new Set(successes.map(({ essence }) => essence))
    return different.size > 1 ? [violation('equal answers for a key', operation, `was answered ${[...different].join(' and ')}`)] : []
  })

/** A key never answers for another call: misuse is refused, and told so, as soon as the key's own call is known to have run. */
const misuseRefused: Check = ({ operations, attempts }) =>
  operations.flatMap((operation) =>
    answersTo(operation, attempts)
      .filter(({ status, code }) => operation.isMisuse && !isPassing(status) && !(status === 422 && code === 'key-reused'))
      .map(({ status }) => violation('another call never gets the answer', operation, `misused its key and was answered ${status}`)),
  )

/** Money is neither made nor lost: all balances sum to nothing, and each transfer has its two entries. */
const moneyStays: Check = ({ rows, sumCents, entries }) => [
  ...(sumCents === 0 ? [] : [{ rule: 'balances sum to zero', detail: `they sum to ${sumCents} cents` }]),
  ...(entries === rows.length * 2
    ? []
    : [{ rule: 'two entries for each transfer', detail: `${rows.length} transfers have ${entries} entries` }]),
]

/** Callers get what is documented: the answer, a refusal of misuse, or to come back later. */
const documentedAnswers: Check = ({ operations, attempts }) =>
  operations.flatMap((operation) =>
    answersTo(operation, attempts)
      .filter(({ status }) => status !== 201 && !isPassing(status) && !(status === 422 && operation.isMisuse))
      .map(({ status, code }) => violation('only documented answers', operation, `was answered ${status} ${code}`)),
  )

/** Whoever keeps asking learns the outcome. */
const everybodyLearns: Check = ({ operations, attempts }) =>
  operations.flatMap((operation) => {
    const isKnown = answersTo(operation, attempts).some(({ status }) => !isPassing(status))
    return isKnown ? [] : [violation('whoever keeps asking learns the outcome', operation, 'never did')]
  })

/** Long enough for one that was killed at the worst moment, and for a machine with other work to do. */
const patienceMs = 20_000

/** An attempt ends while nobody is being restarted, or soon after: no key stays locked, no call hangs. */
const nobodyHangs: Check = ({ operations, attempts, outages }) =>
  attempts.flatMap(({ operation, startedAt, endedAt }) => {
    const calmFrom = outages.filter(({ from }) => from <= endedAt).reduce((latest, { until }) => Math.max(latest, until), startedAt)
    const owner = operations[operation]
    return owner !== undefined && endedAt - calmFrom > patienceMs
      ? [violation('nobody hangs', owner, `took ${Math.round(endedAt - startedAt)} ms`)]
      : []
  })

/** Every check by name; each has a history in `checks.test.ts` that it alone must refuse. */
export const checks = {
  acknowledgedExist,
  neverTwice,
  noGhosts,
  equalAnswers,
  misuseRefused,
  moneyStays,
  documentedAnswers,
  everybodyLearns,
  nobodyHangs,
} satisfies Record<string, Check>

/** Holds a history to every promise. */
export function checkHistory(history: History): Violation[] {
  return Object.values<Check>(checks).flatMap((check) => check(history))
}

function answersTo(operation: Operation, attempts: readonly Attempt[]): NonNullable<Attempt['answer']>[] {
  return attempts.flatMap((attempt) => (attempt.operation === operation.index && attempt.answer !== undefined ? [attempt.answer] : []))
}

const isPassing = (status: number): boolean => status === 503 || status === 409

function violation(rule: string, { index, key }: Operation, detail: string): Violation {
  return { rule, detail: `call ${index} under ${key} ${detail}` }
}

const show = (rows: readonly { readonly id: string; readonly cents: number }[]): string =>
  rows.length === 0 ? 'none' : rows.map(({ id, cents }) => `${id} of ${cents} cents`).join(', ')
