import { HoldfastError, sleep } from '../../core/index.ts'
import { deliver } from './deliver.ts'
import type { Entry, EntryState } from './entry.ts'
import { toNewEntry } from './request.ts'
import type { OutboxRequest } from './request.ts'
import { toOutboxSettings } from './settings.ts'
import type { OutboxOptions, OutboxSettings } from './settings.ts'

/** What sending came to, for now. */
export interface Sent {
  /** As it stands: `pending` when it will be sent later. */
  readonly entry: Entry
  /** The answer, when this very call got one. */
  readonly response: Response | undefined
}

/** What a drain came to: how many entries it brought to each state. */
export type Drained = Readonly<Record<'done' | 'dead' | 'unknown' | 'pending', number>>

/** Requests that are kept until their outcome is known. */
export interface Outbox {
  /**
   * Keeps a request, then sends it. The same intent is sent once, however often it is asked for, also after a crash: what was done is told
   * again, without a response.
   *
   * @throws HoldfastError `intent-reused`, `outbox-full`, `secret-refused`, `body-too-large`, `store-unavailable`
   */
  send(intent: string, request: OutboxRequest): Promise<Sent>
  /** Keeps a request, and leaves the sending to `drain` or `start`. */
  enqueue(intent: string, request: OutboxRequest): Promise<Entry>
  /**
   * Sends everything that is due, also what a process left behind that died. With `wait` also what is due later, until nothing is left that
   * could be sent.
   */
  drain(options?: { readonly wait?: boolean; readonly signal?: AbortSignal }): Promise<Drained>
  /** Drains again and again, in the background, and keeps the process alive. Gives how to stop: it waits for what is being sent. */
  start(options?: { readonly pollMs?: number }): () => Promise<void>
  list(query?: { readonly state?: EntryState; readonly limit?: number }): Promise<Entry[]>
  find(intent: string): Promise<Entry | undefined>
  /** Sends a dead entry again under a new key, an unknown one under its own. `false` for any other. */
  retry(intent: string): Promise<boolean>
  /** Deletes an entry that is done, dead or unknown. */
  forget(intent: string): Promise<boolean>
}

/**
 * Makes an outbox: requests with an effect that survive a crash of the caller. Each is on the disk, with its idempotency key, before its first
 * byte is sent, and is sent again under that key until its outcome is known; so with a server that keeps keys it has its effect once.
 *
 * @throws HoldfastError `configuration-invalid`
 * @example
 * const box = outbox({ store: sqliteOutbox(new DatabaseSync('outbox.db')), fetch: createFetch(), authorize: () => ({ authorization: `Bearer ${token()}` }) })
 * const stop = box.start()
 * const { entry } = await box.send('invoice-7', { url: 'https://api.example/transfers', body: JSON.stringify(transfer) })
 */
export function outbox(options: OutboxOptions): Outbox {
  const settings = toOutboxSettings(options)
  const { store } = settings

  async function enqueue(intent: string, request: OutboxRequest): Promise<Entry> {
    const made = await toNewEntry(intent, request, settings.newKey(), settings)
    const added = await store.add(made, settings.maxOpen)
    if (added === 'full') throw new HoldfastError('outbox-full', `${settings.maxOpen} requests wait (maxOpen)`)
    if (added.entry.fingerprint !== made.fingerprint)
      throw new HoldfastError('intent-reused', `the intent ${JSON.stringify(intent)} is another request`)
    return added.entry
  }

  return {
    enqueue,
    async send(intent, request) {
      const entry = await enqueue(intent, request)
      const taken = entry.state === 'pending' ? await store.take(takeOf(settings, intent)) : undefined
      if (taken?.state !== 'sending') return { entry: taken ?? entry, response: undefined }
      const { entry: settled, response } = await deliver(settings, taken, undefined)
      return { entry: settled ?? (await store.find(intent)) ?? taken, response }
    },
    drain: ({ wait = false, signal } = {}) => drain(settings, wait, signal),
    start: ({ pollMs = 1_000 } = {}) => start(settings, pollMs),
    list: ({ state, limit = 1_000 } = {}) => store.list({ state, limit }),
    find: (intent) => store.find(intent),
    retry: async (intent) => (await store.retry(intent, settings.newKey())) !== undefined,
    forget: (intent) => store.forget(intent),
  }
}

function takeOf({ owner, leaseMs, keyLifetimeMs, newKey }: OutboxSettings, id?: string): Parameters<OutboxSettings['store']['take']>[0] {
  return { owner, leaseMs, keyLifetimeMs, freshKey: newKey(), id }
}

async function drain(settings: OutboxSettings, wait: boolean, signal?: AbortSignal, isStopping = (): boolean => false): Promise<Drained> {
  const { store, clock } = settings
  const counts = { done: 0, dead: 0, unknown: 0, pending: 0 }
  let failure: unknown
  const work = async (): Promise<void> => {
    while (!isStopping() && failure === undefined) {
      signal?.throwIfAborted()
      const taken = await store.take(takeOf(settings))
      if (taken === undefined) return
      const entry = taken.state === 'sending' ? (await sendQuietly(settings, taken, signal)).entry : taken
      if (entry !== undefined && entry.state !== 'sending') counts[entry.state] += 1
    }
  }
  for (;;) {
    // Every send is waited for, also where the store failed for another.
    await Promise.all(Array.from({ length: settings.concurrency }, () => work().catch((error: unknown) => (failure ??= error))))
    if (failure !== undefined) throw failure
    const dueMs = wait ? await store.nextDueMs() : undefined
    if (dueMs === undefined) break
    await sleep(clock, Math.max(1, Math.min(dueMs, settings.leaseMs)), signal)
  }
  await store.prune(settings.keepDoneMs)
  return counts
}

/** Nobody waits for this answer: its connection is to be free again. */
async function sendQuietly(settings: OutboxSettings, taken: Entry, signal: AbortSignal | undefined): ReturnType<typeof deliver> {
  const delivered = await deliver(settings, taken, signal)
  delivered.response?.body?.cancel().catch(() => {})
  return delivered
}

/** A store that is away is asked again after this. */
const storeBackoffMs = 5_000

function start(settings: OutboxSettings, pollMs: number): () => Promise<void> {
  const stopping = new AbortController()
  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      let waitMs = storeBackoffMs
      try {
        await drain(settings, false, undefined, () => stopping.signal.aborted)
        waitMs = Math.min(pollMs, Math.max(1, (await settings.store.nextDueMs()) ?? pollMs))
      } catch {
        // The store is away. What waits in it is as safe as it was.
      }
      await sleep(settings.clock, waitMs, stopping.signal).catch(() => {})
    }
  }
  const running = run()
  return async () => {
    stopping.abort()
    await running
  }
}
