import { AsyncLocalStorage } from 'node:async_hooks'
import type { Call } from './call.ts'
import { HoldfastError } from './errors.ts'

const calls = new AsyncLocalStorage<Call>()

/** Runs a handler so that `currentCall()` inside it, and in all it awaits, is this call. */
export function runWithCall<T>(call: Call, run: () => T): T {
  return calls.run(call, run)
}

/**
 * The call being handled, from anywhere below its handler.
 *
 * @throws HoldfastError `no-current-call` outside a handler that Holdfast wraps.
 * @example
 * const account = currentCall().facts.get(accountFact)
 */
export function currentCall(): Call {
  const call = calls.getStore()
  if (call === undefined)
    throw new HoldfastError(
      'no-current-call',
      'currentCall() was called outside a handler that Holdfast wraps; mount the adapter before this route',
    )
  return call
}

/** The call being handled, or `undefined` where there is none. */
export function findCurrentCall(): Call | undefined {
  return calls.getStore()
}
