import { isHoldfastError, sleep, storeUnavailable, withTimeout } from '../core/index.ts'
import type { Claim, ClaimVerdict } from './record.ts'
import type { Settings } from './settings.ts'

/** Waits for one operation of the store, but no longer than the settings allow. */
export function bounded<T>(settings: Settings, operation: Promise<T>): Promise<T> {
  // A store inside the process cannot hang, and a timer costs more than its whole claim.
  if (!settings.store.durable) return operation
  const { clock, storeTimeoutMs, store } = settings
  return withTimeout(clock, storeTimeoutMs, operation, () => storeUnavailable(`the ${store.name} store did not answer within ${storeTimeoutMs} ms`))
}

/** Whether an error says that the store, not the handler, failed. */
export function isStoreFailure(error: unknown): boolean {
  return isHoldfastError(error) && error.code === 'store-unavailable'
}

/**
 * Claims a key; after a lost reply once more as the same owner, which the store recognises. When the store stays silent the claim
 * may still have arrived: it is released in the background, so that the next attempt does not find the key orphaned.
 */
export async function claimKey(settings: Settings, claim: Claim): Promise<ClaimVerdict> {
  try {
    return await bounded(settings, settings.store.claim(claim))
  } catch (error) {
    if (!isStoreFailure(error)) throw error
  }
  try {
    return await bounded(settings, settings.store.claim(claim))
  } catch (error) {
    persist(settings, () => settings.store.release(claim.id, claim.owner, claim.retentionMs), claim.leaseMs)
    throw error
  }
}

const firstDelayMs = 100
const longestDelayMs = 5_000

/** Repeats an operation in the background until the store takes it, or `giveUpMs` have passed. Never throws. */
export function persist(settings: Settings, operation: () => Promise<unknown>, giveUpMs: number, onEnd?: () => void): void {
  const { clock, random, inFlight } = settings
  const attempt = async (): Promise<void> => {
    const until = clock.now() + giveUpMs
    for (let delay = firstDelayMs; clock.now() < until && !inFlight.draining; delay = Math.min(delay * 2, longestDelayMs)) {
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
