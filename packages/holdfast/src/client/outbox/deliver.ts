import { HoldfastError } from '../../core/index.ts'
import { fullJitter } from '../../retry/backoff.ts'
import { parseRetryAfter } from '../../retry/retry-after.ts'
import { readText } from '../../retry/read-text.ts'
import { openScope } from '../call-scope.ts'
import type { CallScope } from '../call-scope.ts'
import { objectIn } from '../object-in.ts'
import type { Entry, EntryResult } from './entry.ts'
import { decideSend } from './outcome.ts'
import type { OutboxSettings } from './settings.ts'
import type { Settlement } from './store.ts'

/** What a send came to. */
export interface Delivered {
  /** As it stands now; `undefined` when another worker has taken it over meanwhile. */
  readonly entry: Entry | undefined
  readonly response: Response | undefined
}

/** Between sends of one entry: long enough for an outage to end, short enough to be there when it does. */
const backoff = { baseMs: 1_000, capMs: 300_000 }

/** Sends an entry that was taken, keeps its lease meanwhile, and notes what came of it. */
export async function deliver(settings: OutboxSettings, entry: Entry, signal: AbortSignal | undefined): Promise<Delivered> {
  const scope = openScope(settings.clock, settings.sendTimeoutMs, signal)
  const stopRenewing = keepLease(settings, entry, scope)
  let response: Response | undefined
  let settlement: Settlement
  try {
    const received = await send(settings, entry, scope)
    response = received
    settlement = await settlementOf(settings, entry, received, (whole) => (response = whole))
  } catch (error) {
    settlement = later(settings, entry, undefined, { error: nameOf(error) })
  } finally {
    stopRenewing()
    scope.close()
  }
  return { entry: await settings.store.settle(entry.id, settings.owner, settlement), response }
}

async function send({ fetch, authorize }: OutboxSettings, entry: Entry, { signal }: CallScope): Promise<Response> {
  const headers = new Headers(entry.headers as [string, string][])
  for (const [name, value] of Object.entries(await authorize(entry))) headers.set(name, value)
  headers.set('idempotency-key', `"${entry.key}"`)
  const { method, body } = entry
  // Followed, a redirect may become a GET, and the page it leads to a success.
  return fetch(entry.url, { method, headers, signal, body, redirect: 'manual' } as RequestInit)
}

async function settlementOf(
  settings: OutboxSettings,
  entry: Entry,
  response: Response,
  replace: (whole: Response) => void,
): Promise<Settlement> {
  const { status, headers, ok } = response
  let code: string | undefined
  if (!ok) {
    const text = await readText(response)
    const found = objectIn(text)['code']
    code = typeof found === 'string' ? found.slice(0, 100) : undefined
    // Reading it used it up.
    if (response.body) replace(new Response(text, { status, headers }))
  }
  const result: EntryResult = {
    status,
    code,
    location: headers.get('location') ?? undefined,
    replayed: headers.get('idempotent-replayed') === 'true' || undefined,
  }
  const state = decideSend({ status, code, isFinal: headers.get('idempotency-should-retry') === '?0' })
  if (state !== 'pending') return { state, result }
  return later(settings, entry, parseRetryAfter(headers.get('retry-after'), headers.get('date'), settings.clock.now()), result)
}

function later({ random }: OutboxSettings, { attempts }: Entry, hintMs: number | undefined, result: EntryResult): Settlement {
  const jittered = fullJitter(backoff, Math.min(attempts, 30), random)
  return { state: 'pending', waitMs: hintMs === undefined ? jittered : hintMs + jittered / 10, result }
}

/** Renews the lease of an entry while it is sent. When it is lost, the send ends: somebody else has it. */
function keepLease({ store, clock, owner, leaseMs }: OutboxSettings, { id }: Entry, scope: CallScope): () => void {
  let cancel = clock.after(leaseMs / 3, () => void renew())
  let isOver = false
  async function renew(): Promise<void> {
    // A store that is away takes nothing over; and the key keeps a second send from being a second effect.
    const isOurs = await store.renew(id, owner, leaseMs).catch(() => true)
    if (isOver) return
    if (isOurs) cancel = clock.after(leaseMs / 3, () => void renew())
    else scope.abort(new HoldfastError('lease-lost', 'another worker has this entry'))
  }
  return () => {
    isOver = true
    cancel()
  }
}

/** Names what went wrong, without a text that might hold what is nobody's business. */
function nameOf(error: unknown): string {
  const { code, name, cause } = (error ?? {}) as { code?: unknown; name?: unknown; cause?: { code?: unknown } }
  return [code, cause?.code, name].find((one) => typeof one === 'string')?.slice(0, 100) ?? 'unknown error'
}
