import { assertKnown, assertWhole } from '../core/checks.ts'
import { configurationError } from '../core/index.ts'
import { largestCost } from './decide.ts'
import type { WrittenAdvert } from './dialects.ts'
import { assertAbsent, compileLimit } from './limit.ts'
import type { CompiledLimit, LimitNumbers } from './limit.ts'
import type { LimitDeclaration } from './options.ts'
import { compilePartition } from './partition.ts'
import type { Partition } from './partition.ts'
import type { Meter } from './store.ts'
import type { Subject } from './subject.ts'

/** The numbers of a rule, of one plan, and what callers were told of them last. */
export interface RuleLimit extends CompiledLimit {
  /** Only a calendar's window changes, so this is written once or once a period. */
  advert: WrittenAdvert | undefined
  advertWindowMs: number
}

/** A declared limit, ready to be applied to calls. */
export interface Rule extends Partition {
  readonly name: string
  readonly pool: string
  readonly unit: string
  readonly shadow: boolean
  /** Whether it is for calls that others have refused. */
  readonly isForRejected: boolean
  /** `undefined`: counts calls under way, in this process. */
  readonly limitFor: ((plan: string | undefined) => RuleLimit) | undefined
  /** Calls that may be under way at once. */
  readonly atOnceFor: (plan: string | undefined) => number
  readonly countWhen: ((status: number) => boolean) | undefined
  applies(subject: Subject): boolean
  costOf(subject: Subject, meter: Meter): number
  /** All numbers, to tell whether two rules may share a counter. */
  readonly numbers: string
}

const options = [
  'name',
  'kind',
  'limit',
  'windowSeconds',
  'burst',
  'strict',
  'period',
  'zone',
  'maxDebt',
  'partition',
  'pool',
  'plans',
  'cost',
  'match',
  'countWhen',
  'shadow',
  'unit',
]
const planOptions: (keyof LimitDeclaration)[] = ['limit', 'windowSeconds', 'burst', 'strict', 'period', 'zone', 'maxDebt']

/**
 * Compiles one declared limit.
 *
 * @throws HoldfastError `configuration-invalid`, saying what was expected and what came
 */
export function compileRule(declaration: LimitDeclaration, namespace: string): Rule {
  if (typeof declaration !== 'object' || declaration === null)
    throw configurationError(
      `limits: expected objects such as { name: "per-second", limit: 50, windowSeconds: 1 }, got ${typeof declaration}`,
    )
  const { name, kind = 'bucket', partition = ['account'], pool = name, plans = {}, match, countWhen, shadow = false, unit } = declaration
  const where = `limit ${JSON.stringify(name)}`
  assertKnown(where, declaration, options)
  for (const plan in plans) assertKnown(`${where}: plan ${JSON.stringify(plan)}`, plans[plan] ?? {}, planOptions)
  if (match !== undefined && match !== 'rejected' && typeof match !== 'function')
    throw configurationError(`${where}: match: expected a function, or "rejected", got ${JSON.stringify(match)}`)
  if (unit !== undefined && !/^[\x20-\x7e]{1,64}$/.test(unit))
    throw configurationError(`${where}: unit: expected 1 to 64 printable ASCII characters, got ${JSON.stringify(unit)}`)
  const isConcurrency = kind === 'concurrency'
  if (isConcurrency) assertConcurrency(where, declaration)
  const numbers = numbersOf(declaration)
  return {
    ...compilePartition(Array.isArray(partition) ? partition : [partition as never], pool, namespace),
    name,
    pool,
    unit: isConcurrency ? 'concurrent-requests' : (unit ?? 'requests'),
    shadow,
    isForRejected: match === 'rejected',
    limitFor: isConcurrency ? undefined : byPlan(numbers, plans),
    atOnceFor: (plan) => (plan === undefined ? undefined : plans[plan]?.limit) ?? declaration.limit,
    countWhen,
    applies: typeof match === 'function' ? (subject) => match(subject.call, subject) : () => true,
    costOf: costOf(where, declaration),
    numbers: JSON.stringify([{ ...numbers, kind, name: undefined }, plans]),
  }
}

function numbersOf({ name, kind, limit, windowSeconds, burst, strict, period, zone, maxDebt }: LimitDeclaration): LimitNumbers {
  const given = { kind: kind as LimitNumbers['kind'], windowSeconds, burst, strict, period, zone, maxDebt }
  return { name, limit, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) }
}

/** Plans that are not named have the limit's own numbers. */
function byPlan(numbers: LimitNumbers, plans: Readonly<Record<string, object>>): (plan: string | undefined) => RuleLimit {
  const compiledOf = (changes: object): RuleLimit => ({
    ...compileLimit({ ...numbers, ...changes }),
    advert: undefined,
    advertWindowMs: 0,
  })
  const base = compiledOf({})
  const compiled = new Map(Object.entries(plans).map(([plan, changes]) => [plan, compiledOf(changes)] as const))
  if (compiled.size === 0) return () => base
  return (plan) => (plan === undefined ? undefined : compiled.get(plan)) ?? base
}

function costOf(where: string, { cost, unit }: LimitDeclaration): Rule['costOf'] {
  if (typeof cost === 'function')
    return ({ call, account, plan, route }) => {
      const asked = cost(call, { account, plan, route })
      assertWhole(`${where}: cost`, asked, 0)
      return asked
    }
  if (cost === undefined) return unit === 'content-bytes' ? contentBytes : () => 1
  if (!Number.isSafeInteger(cost) || cost < 0)
    throw configurationError(`${where}: cost: expected a whole number from 0, or a function, got ${String(cost)}`)
  return () => cost
}

/** A body of unknown length counts as the longest that can pass. */
function contentBytes({ call }: Subject, meter: Meter): number {
  const length = call.headers.get('content-length')
  if (length !== null && /^\d{1,15}$/.test(length)) return Number(length)
  return call.headers.has('transfer-encoding') ? largestCost(meter) : 0
}

function assertConcurrency(where: string, declaration: LimitDeclaration): void {
  const { limit, match } = declaration
  assertWhole(`${where}: limit`, limit, 1)
  assertAbsent(declaration, 'concurrency', [...planOptions.slice(1), 'cost', 'countWhen', 'unit'], `${where}: `)
  if (match === 'rejected') throw configurationError(`${where}: match: a refused call is never under way`)
}
