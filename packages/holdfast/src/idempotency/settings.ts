import { assertOneOf, assertPositive, assertWhole } from '../core/checks.ts'
import { createProblem, configurationError, systemClock } from '../core/index.ts'
import type { Call, Clock, Problem, ProblemCode, ProblemDetails, Random, Reply } from '../core/index.ts'
import { problemKinds } from '../core/catalogue.ts'
import { describeCalls } from './fingerprint.ts'
import { createInFlight } from './in-flight.ts'
import { keyHeaders } from './key.ts'
import type { IdempotencyOptions } from './options.ts'
import { createPlainSealer, createSealer } from './seal.ts'
import type { Sealer } from './seal.ts'
import type { Guarantee, IdempotencyStore } from './store.ts'

const day = 86_400_000

/** Options with every default filled in, checked once. */
export interface Settings extends Required<
  Omit<IdempotencyOptions, 'account' | 'secret' | 'fingerprint' | 'reconcile' | 'keysPerAccount' | 'methods'>
> {
  readonly methods: ReadonlySet<string>
  readonly account: NonNullable<IdempotencyOptions['account']> | undefined
  readonly reconcile: NonNullable<IdempotencyOptions['reconcile']> | undefined
  readonly keysPerAccount: number | undefined
  readonly sealer: Sealer
  readonly describe: (call: Call, body: Uint8Array) => string
  readonly clock: Clock
  readonly random: Random
}

/** Fills in defaults and refuses what cannot work, saying what was expected and what came. */
export function toSettings(options: IdempotencyOptions): Settings {
  const { store, guarantee, secret, namespace = 'api', fingerprint, methods = ['POST', 'PATCH'], failOpen = false } = options
  assertGuarantee(store, guarantee)
  if (failOpen && guarantee === 'exactly-once')
    throw configurationError('failOpen: cannot be combined with exactly-once; declare at-most-once')
  const settings: Settings = {
    store,
    guarantee,
    failOpen,
    namespace,
    methods: toMethods(methods),
    account: options.account,
    reconcile: options.reconcile,
    keysPerAccount: options.keysPerAccount,
    sealer: toSealer(store, secret, namespace),
    describe: describeCalls(fingerprint),
    key: options.key ?? 'required',
    whileRunning: options.whileRunning ?? 'join',
    joinTimeoutMs: options.joinTimeoutMs ?? 10_000,
    leaseMs: options.leaseMs ?? 30_000,
    retentionMs: options.retentionMs ?? day,
    unknownRetentionMs: options.unknownRetentionMs ?? 30 * day,
    keyScope: options.keyScope ?? 'account',
    maxBodyBytes: options.maxBodyBytes ?? 1_048_576,
    maxAnswerBytes: options.maxAnswerBytes ?? 1_048_576,
    statuses: options.statuses ?? {},
    effectsAfterBegin: options.effectsAfterBegin ?? false,
    headerNames: options.headerNames ?? keyHeaders,
    storeTimeoutMs: options.storeTimeoutMs ?? 2_000,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    newOwner: options.newOwner ?? createOwners(),
    problem: withRetryAdvice(options.problem ?? createProblem()),
    inFlight: options.inFlight ?? createInFlight(),
  }
  assertValues(settings)
  // It must outlive whoever looks into it.
  assertWhole('unknownRetentionMs, milliseconds', settings.unknownRetentionMs, 30 * day)
  return settings
}

/** Names of executions: one random part for the process, and a number. A UUID for each costs ten times as much, and as a tree of strings is kept with the record. */
function createOwners(): () => string {
  const process = crypto.randomUUID()
  let executions = 0
  return () => [process, (executions += 1)].join('.')
}

/** A mistyped value would silently drop a promise, as a mistyped name would. */
function assertValues(settings: Settings): void {
  for (const name of ['joinTimeoutMs', 'leaseMs', 'retentionMs', 'maxBodyBytes', 'maxAnswerBytes', 'storeTimeoutMs'] as const) {
    assertPositive(name, settings[name])
  }
  if (settings.keysPerAccount !== undefined) assertPositive('keysPerAccount', settings.keysPerAccount)
  assertOneOf('key', settings.key, ['required', 'optional'])
  assertOneOf('whileRunning', settings.whileRunning, ['join', 'conflict'])
  assertOneOf('keyScope', settings.keyScope, ['account', 'endpoint'])
  for (const [status, disposition] of Object.entries(settings.statuses))
    assertOneOf('statuses', disposition, ['record', 'release'], ` for ${status}`)
}

/**
 * Refuses a promise that the store cannot keep.
 *
 * @throws HoldfastError `configuration-invalid`, saying which stores could
 */
function assertGuarantee(store: IdempotencyStore, guarantee: Guarantee): void {
  if (store.guarantees.includes(guarantee)) return
  const able =
    guarantee === 'exactly-once' || guarantee === 'resumable'
      ? 'sqlite(...) or postgres(...) can, when the handler writes to the same database'
      : 'expected one of exactly-once, resumable, at-most-once, at-least-once'
  throw configurationError(
    `the ${store.name} store cannot give ${JSON.stringify(guarantee)} (it gives ${store.guarantees.join(', ')}); ${able}`,
  )
}

function toMethods(methods: readonly string[]): ReadonlySet<string> {
  const safe = methods.find((method) => ['GET', 'HEAD', 'OPTIONS', 'TRACE'].includes(method.toUpperCase()))
  if (safe !== undefined) throw configurationError(`${safe} has no effect to protect; expected POST, PATCH, PUT or DELETE`)
  return new Set(methods.map((method) => method.toUpperCase()))
}

function toSealer(store: IdempotencyStore, secret: IdempotencyOptions['secret'], namespace: string): Sealer {
  if (secret !== undefined) return createSealer(secret, namespace)
  if (!store.durable) return createPlainSealer(namespace)
  throw configurationError(
    `secret: the ${store.name} store outlives the process, so its records must be sealed; give a secret of at least 16 characters, the same in every process`,
  )
}

/** Every refusal says in a header as well whether a repeat makes sense, for callers that do not read the body. */
function withRetryAdvice(problem: Problem): Problem {
  return (code: ProblemCode, details: ProblemDetails = {}): Reply => {
    const retryable = details.retryable ?? problemKinds[code].retryable
    return problem(code, { ...details, headers: { ...details.headers, 'idempotency-should-retry': retryable ? '?1' : '?0' } })
  }
}
