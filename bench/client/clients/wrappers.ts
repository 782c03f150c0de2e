import { attemptMs, jsonType, retries } from './client.ts'
import type { Client, Sent } from './client.ts'
import { load, loadDefault } from './load.ts'

type Fetch = typeof fetch
type Options = Readonly<Record<string, unknown>>

/** The init of a plain `fetch`. A stream needs `duplex`, which types of some platforms do not know. */
function toInit({ method, body, signal }: Sent): RequestInit {
  return { method, ...(signal && { signal }), ...(body !== undefined && { body, headers: jsonType, duplex: 'half' }) } as RequestInit
}

/** The time for one attempt, for what has no such option. */
function timed(signal: AbortSignal | null | undefined): AbortSignal {
  const limit = AbortSignal.timeout(attemptMs)
  return signal == null ? limit : AbortSignal.any([signal, limit])
}

const isPassing = (status: number): boolean => status === 408 || status === 429 || status >= 500
const backoffMs = (attempt: number): number => Math.random() * 100 * 2 ** attempt

async function readOk(response: Response): Promise<string> {
  const text = await response.text()
  if (!response.ok) throw Object.assign(new Error(text), { status: response.status })
  return text
}

/** Everything that repeats a `fetch`. None of them knows idempotency keys. */
export const wrappers: readonly Client[] = [
  {
    name: 'ky',
    open() {
      const ky = loadDefault<(url: string, options: Options) => { text(): Promise<string> }>('ky')
      const methods = ['get', 'post', 'put']
      const retry = { limit: retries, methods, jitter: true, retryOnTimeout: true, maxRetryAfter: 60_000 }
      return (sent) => ky(sent.url, { ...toInit(sent), retry, timeout: attemptMs }).text()
    },
  },
  {
    name: 'ofetch',
    open() {
      const { ofetch } = load<{ ofetch: (url: string, options: Options) => Promise<unknown> }>('ofetch')
      return (sent) => ofetch(sent.url, { ...toInit(sent), retry: retries, retryDelay: 100, timeout: attemptMs })
    },
  },
  {
    name: 'p-retry',
    open() {
      const pRetry = loadDefault<(run: () => Promise<unknown>, options: Options) => Promise<unknown>>('p-retry')
      return (sent) =>
        pRetry(async () => readOk(await fetch(sent.url, { ...toInit(sent), signal: timed(sent.signal) })), {
          retries,
          minTimeout: 100,
          randomize: true,
          ...(sent.signal && { signal: sent.signal }),
        })
    },
  },
  {
    name: 'fetch-retry',
    open() {
      const wrap = loadDefault<(inner: Fetch, options: Options) => Fetch>('fetch-retry')
      // Its attempts share one init, so the time for each has to be set inside.
      const once: Fetch = (input, init) => fetch(input, { ...init, signal: timed(init?.signal) })
      const again = wrap(once, {
        retryDelay: backoffMs,
        retryOn: (attempt: number, error: Error | null, response: Response | null) =>
          attempt < retries && (error !== null || isPassing(response?.status ?? 0)),
      })
      return async (sent) => readOk(await again(sent.url, toInit(sent)))
    },
  },
]
