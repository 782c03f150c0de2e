import type { CallEvent, ErrorEvent, OutcomeEvent, PolicyEvent } from '../core/index.ts'
import { listen } from './listen.ts'

type Attributes = Record<string, string | number | boolean>

/** A counter of OpenTelemetry, as far as it is used. */
export interface Counter {
  add(value: number, attributes?: Attributes): void
}

/** A histogram of OpenTelemetry, as far as it is used. */
export interface Histogram {
  record(value: number, attributes?: Attributes): void
}

/** OpenTelemetry's `Meter`, as far as it is used: `metrics.getMeter('holdfast')`. */
export interface Meter {
  createCounter(name: string, options: { description: string; unit: string }): Counter
  createHistogram(name: string, options: { description: string; unit: string; advice: { explicitBucketBoundaries: number[] } }): Histogram
}

/** A span, as far as it is used. */
export interface SpanLike {
  addEvent(name: string, attributes?: Attributes): unknown
}

/** Where the span of the call at hand is found: OpenTelemetry's `trace`. */
export interface ActiveSpan {
  getActiveSpan(): SpanLike | undefined
}

/** Options of {@link openTelemetry}: one of the two at least. */
export interface OpenTelemetryOptions {
  /** Gets the metrics. */
  readonly meter?: Meter
  /** Its active span gets an event for each decision. */
  readonly trace?: ActiveSpan
}

/** Seconds, as OpenTelemetry's semantic conventions advise for the duration of HTTP calls; a call with its waits may take longer. */
const boundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60]

/**
 * Hands what servers decide, and what clients go through, to OpenTelemetry, until the result is called. No attribute carries an account, a key, a body or a
 * message of an error, and each takes a bounded number of values: routes as they were declared, names of limits, verdicts, codes.
 *
 * Metrics: `holdfast.decisions`, `holdfast.errors`, `holdfast.client.attempts` and `holdfast.client.call.duration` (seconds, with all attempts and waits).
 * For spans of its own a service has instrumentations; they get the event `holdfast.decision`.
 *
 * @returns stops it
 * @example
 * import { metrics, trace } from '@opentelemetry/api'
 * const stop = openTelemetry({ meter: metrics.getMeter('holdfast'), trace })
 */
export function openTelemetry({ meter, trace }: OpenTelemetryOptions): () => void {
  const count = (name: string, unit: string, description: string): Counter | undefined => meter?.createCounter(name, { description, unit })
  const decisions = count('holdfast.decisions', '{decision}', 'What policies decided about calls.')
  const errors = count('holdfast.errors', '{error}', 'Errors that no answer shows.')
  const attempts = count('holdfast.client.attempts', '{attempt}', 'Requests that clients sent.')
  const calls = meter?.createHistogram('holdfast.client.call.duration', {
    description: 'Time of calls of clients, with all their attempts and waits.',
    unit: 's',
    advice: { explicitBucketBoundaries: boundaries },
  })
  return listen({
    'holdfast:policy'(event: PolicyEvent) {
      const attributes = attributesOf(event)
      decisions?.add(1, attributes)
      trace?.getActiveSpan()?.addEvent('holdfast.decision', attributes)
    },
    'holdfast:error'({ error }: ErrorEvent) {
      errors?.add(1, { 'error.type': typeOf(error) })
    },
    'holdfast:client'(event: ({ kind: 'call' } & CallEvent) | ({ kind: 'outcome' } & OutcomeEvent) | { kind: 'other' }) {
      if (event.kind === 'outcome') attempts?.add(1, { ...resultOf(event), 'holdfast.resend': 'http.request.resend_count' in event })
      if (event.kind !== 'call') return
      const { durationMs, stop, replayed } = event
      calls?.record(durationMs / 1_000, {
        ...resultOf(event),
        'holdfast.replayed': replayed,
        ...(stop !== undefined && { 'holdfast.stop': stop }),
      })
    },
  })
}

function attributesOf({ policy, verdict, route, subject, error }: PolicyEvent): Attributes {
  const [method, path] = route?.split(' ', 2) ?? []
  return {
    'holdfast.policy': policy,
    'holdfast.verdict': verdict,
    ...(method !== undefined && path !== undefined && { 'http.request.method': method, 'http.route': path }),
    ...(subject !== undefined && { 'holdfast.subject': subject }),
    ...(error !== undefined && { 'error.type': typeOf(error) }),
  }
}

/** The URL is left out: it has a value for every resource. */
function resultOf(event: OutcomeEvent): Attributes {
  const attributes: Attributes = {}
  for (const name of ['http.request.method', 'server.address', 'http.response.status_code', 'error.type'] as const) {
    const value = event[name]
    if (value !== undefined) attributes[name] = value
  }
  return attributes
}

/** A code where there is one: names of classes say less, and messages have a value for every call. */
function typeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown }
  return typeof code === 'string' ? code : typeof name === 'string' ? name : typeof error
}
