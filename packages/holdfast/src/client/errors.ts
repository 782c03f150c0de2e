import { HoldfastError } from '../core/errors.ts'

/** The time for the whole call has run out. */
export function deadlineExceeded(): HoldfastError {
  return new HoldfastError('deadline-exceeded', 'the time for this call has run out')
}
