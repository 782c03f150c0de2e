import { isHoldfastError, sleep, storeUnavailable, withTimeout } from '../core/index.ts'
import type { Claim, ClaimVerdict } from './record.ts'
import type { Settings } from './settings.ts'

/** Waits for one operation of the store, but no longer than the settings allow. */
export function bounded<T>(settings: Settings, operation: Promise<T>): Promise<T> {
  // A store inside the process cannot hang, and a timer costs more than its whole claim.
  if (!settings.store.durable) return operation
  const { clock, storeTimeoutMs, store } = settings
  return withTimeout(clock, storeTimeoutMs, operation, () =>
    storeUnavailable(`the ${store.name} store did not answer within ${storeTimeoutMs} ms`),
  )
}

/** Whether an error says that the store, not the handler, failed. */
export function isStoreFailure(error: unknown): boolean {
  return isHoldfastError(error) && error.code === 'store-unavailable'
}

/**
 * Claims a key; after a lost reply once more as the same owner, which the store recognises. When the store stays silent the claim
 * may have arrived, or still arrive: it is released in the background, so that the next attempt does not find the key orphaned.
 */
export async function claimKey(settings: Settings, claim: Claim): Promise<ClaimVerdict> {
  const first = settings.store.claim(claim)
  try {
    return await bounded(settings, first)
  } catch (error) {
    if (!isStoreFailure(error)) throw error
  }
  const second = settings.store.claim(claim)
  try {
    return await bounded(settings, second)
  } catch (error) {
    releaseUnheard(settings, claim, [first, second])
    throw error
  }
}

/** A claim without an answer may arrive as long as something on the way still has it, also after its connection broke: it is released again and again for a lease. */
function releaseUnheard(settings: Settings, { id, owner, retentionMs, leaseMs }: Claim, sent: readonly Promise<unknown>[]): void {
  let heard = 0
  for (const claim of sent)
    void claim.then(
      () => (heard += 1),
      () => {},
    )
  const release = async (): Promise<void> => {
    const mayArriveLater = heard < sent.length
    await settings.store.release(id, owner, retentionMs)
    // A process that shuts down does not wait for what has most likely been lost.
    if (mayArriveLater && !settings.inFlight.draining) throw storeUnavailable('the claim may still arrive')
  }
  persist(settings, release, leaseMs)
}

const firstDelayMs = 100
const longestDelayMs = 5_000
/** What a process that shuts down still grants a store that is away: most of what orchestrators grant the process. */
const lastChanceMs = 10_000

/** Repeats an operation in the background until the store takes it, `giveUpMs` have passed, or the process has to end. Never throws. */
export function persist(settings: Settings, operation: () => Promise<unknown>, giveUpMs: number, onEnd?: () => void): void {
  const { clock, random, inFlight } = settings
  const attempt = async (): Promise<void> => {
    let until = clock.now() + giveUpMs
    for (let delay = firstDelayMs; ; delay = Math.min(delay * 2, longestDelayMs)) {
      if (inFlight.draining) until = Math.min(until, clock.now() + lastChanceMs)
      if (clock.now() >= until) return
      await sleep(clock, delay * (0.5 + random() / 2))
      try {
        await bounded(settings, operation())
        return
      } catch {
        // The store is still away; the next round asks again.
      }
    }
  }
  inFlight.track(attempt().finally(onEnd))
}
