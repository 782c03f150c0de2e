import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { PolicyEvent } from 'holdfast'
import { reasonOf } from './reason.ts'

/** Each call meets a store that is away; one line in this time says it for all. */
const quietMs = 10_000

/** Says when a store does not answer, and why; callers are only told to come back. */
export function reportStores(say: (line: string) => void, now: () => number = performance.now.bind(performance)): () => void {
  let quietUntil = 0
  const listen = (message: unknown): void => {
    const { policy, verdict, subject = '', error } = message as PolicyEvent
    const why = error === undefined ? '' : ` (${reasonOf(error)})`
    if (verdict === 'store-away') say(`limits: ${subject} does not answer${why}; this process goes on with its share of what it last said`)
    if (verdict === 'store-back') say(`limits: ${subject} is back`)
    if (policy !== 'idempotency' || error === undefined || now() < quietUntil) return
    quietUntil = now() + quietMs
    say(
      verdict === 'record-delayed'
        ? `keys: an answer was given that ${subject} has not recorded yet${why}; it is tried again and again`
        : `keys: calls are turned away, since ${subject} does not answer${why}`,
    )
  }
  subscribe('holdfast:policy', listen)
  return () => void unsubscribe('holdfast:policy', listen)
}
