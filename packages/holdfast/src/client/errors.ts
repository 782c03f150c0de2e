import { HoldfastError } from '../core/errors.ts'

/** One attempt did not get the head of its answer in time. */
export function attemptTimeout(timeoutMs: number): HoldfastError {
  return new HoldfastError('attempt-timeout', `no answer within ${Math.round(timeoutMs)} ms`)
}

/** The time for the whole call has run out. */
export function deadlineExceeded(): HoldfastError {
  return new HoldfastError('deadline-exceeded', 'the time for this call has run out')
}

/** The body of an answer stopped arriving. */
export function bodyIdle(idleMs: number): HoldfastError {
  return new HoldfastError('body-idle', `the body of the answer stopped for ${Math.round(idleMs)} ms`)
}
