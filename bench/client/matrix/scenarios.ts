import type { Fault } from './faults.ts'

/** One row of faults that every client meets. */
export interface Scenario {
  readonly title: string
  /** What a caller would want to see. */
  readonly wanted: string
  readonly method: 'GET' | 'POST' | 'PUT'
  /** A stream as the body of a PUT. */
  readonly streams?: true
  readonly calls?: number
  /** Whether the calls are sent at once, or each after the other. */
  readonly atOnce?: true
  readonly faultOf: (number: number) => Fault
  readonly abortAfterMs?: number
  /** How long a call may take before it counts as hung. */
  readonly patienceMs?: number
}

const none: Fault = { kind: 'none' }
const firstMeet = (count: number, fault: Fault) => (number: number) => (number <= count ? fault : none)
const retryAfter =
  (value: () => string) =>
  (number: number): Fault =>
    number === 1 ? { kind: 'refuse', fields: { 'retry-after': value() } } : none

/** The body of the stream: eleven bytes. */
export const streamed = '{"n":12345}'

export const scenarios: readonly Scenario[] = [
  {
    title: 'POST takes effect, its answer is lost, twice',
    wanted: '3 attempts, one key, 1 effect',
    method: 'POST',
    faultOf: firstMeet(2, { kind: 'lose' }),
  },
  {
    title: 'POST takes effect, a proxy answers 503',
    wanted: '2 attempts, one key, 1 effect',
    method: 'POST',
    faultOf: firstMeet(1, { kind: 'deny' }),
  },
  {
    title: 'POST takes effect, half of its answer arrives',
    wanted: '2 attempts, one key, 1 effect',
    method: 'POST',
    faultOf: firstMeet(1, { kind: 'cut' }),
  },
  {
    title: 'POST takes effect, and is never answered',
    wanted: '3 attempts, one key, 1 effect, an error within 5 s',
    method: 'POST',
    faultOf: () => ({ kind: 'hang' }),
  },
  {
    title: 'PUT of a stream meets 503 once',
    wanted: 'the same 11 bytes twice, or one attempt and an error',
    method: 'PUT',
    streams: true,
    faultOf: firstMeet(1, { kind: 'refuse' }),
  },
  {
    title: 'GET, the body of the answer stalls once',
    wanted: 'asked for again after 1 s',
    method: 'GET',
    faultOf: firstMeet(1, { kind: 'stall' }),
  },
  {
    title: 'GET, 503 with Retry-After: 2',
    wanted: '2 attempts, 2 s apart or a bit more',
    method: 'GET',
    faultOf: retryAfter(() => '2'),
  },
  {
    title: 'GET, 503 with Retry-After: a date, 3 s away',
    wanted: '2 attempts, at least 2 s apart',
    method: 'GET',
    faultOf: retryAfter(() => new Date(Date.now() + 3_000).toUTCString()),
  },
  {
    title: 'GET, 503 with Retry-After: 3600',
    wanted: 'no wait: the answer at once',
    method: 'GET',
    faultOf: retryAfter(() => '3600'),
  },
  {
    title: 'GET, 503 with Retry-After: 3456000 (40 days)',
    wanted: 'no second request within milliseconds',
    method: 'GET',
    faultOf: retryAfter(() => '3456000'),
  },
  {
    title: 'GET, 503 with Retry-After: soon',
    wanted: '2 attempts, own backoff',
    method: 'GET',
    faultOf: retryAfter(() => 'soon'),
  },
  {
    title: 'GET, 503 with Retry-After: 4, aborted after 300 ms',
    wanted: 'an error after 300 ms, 1 attempt',
    method: 'GET',
    faultOf: retryAfter(() => '4'),
    abortAfterMs: 300,
  },
  {
    title: 'GET, 8 calls in a row, each meets 503 with 300 kB once',
    wanted: '16 attempts, at most 2 sockets at once',
    method: 'GET',
    calls: 8,
    faultOf: (number) => (number % 2 === 1 ? { kind: 'refuse', bytes: 300_000 } : none),
    patienceMs: 30_000,
  },
  {
    title: '100 GETs at once, all answered 503',
    wanted: '110 attempts: an outage is not multiplied',
    method: 'GET',
    calls: 100,
    atOnce: true,
    faultOf: () => ({ kind: 'refuse' }),
    patienceMs: 15_000,
  },
]
