import { subscribe, unsubscribe } from 'node:diagnostics_channel'

/**
 * Hears what is published on diagnostics channels, until the result is called. What a listener throws is warned of once and changes nothing: Node would
 * end the process for it.
 */
export function listen(listeners: Readonly<Record<string, (event: never) => void>>): () => void {
  let hasWarned = false
  const safe = Object.entries(listeners).map(([channel, listener]) => {
    const hear = (event: unknown): void => {
      try {
        listener(event as never)
      } catch (error) {
        if (!hasWarned) process.emitWarning(`a listener of ${channel} failed, and may go on failing: ${String(error)}`, 'HoldfastWarning')
        hasWarned = true
      }
    }
    subscribe(channel, hear)
    return [channel, hear] as const
  })
  return () => {
    for (const [channel, hear] of safe) unsubscribe(channel, hear)
  }
}
