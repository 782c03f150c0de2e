import { HoldfastError, isHoldfastError } from '../../core/index.ts'
import { OutcomeUnknown } from '../outcome-unknown.ts'

/** What a `ConflictError` carries. */
export interface ConflictDetails {
  /** The value the change was made from. */
  readonly base: unknown
  /** The value that could not be written. */
  readonly mine: unknown
  /** The newest value known. */
  readonly theirs: unknown
  /** How many versions were tried. */
  readonly attempts: number
  /** JSON pointers of what both sides changed, for `merge: 'threeWay'`. */
  readonly paths?: readonly string[]
}

/** Others wrote first, each time, until attempts or time were over; or both sides changed the same. Nothing was written. Code `update-conflict`. */
export class ConflictError extends HoldfastError {
  declare readonly base: unknown
  declare readonly mine: unknown
  declare readonly theirs: unknown
  declare readonly attempts: number
  declare readonly paths: readonly string[]

  constructor(details: ConflictDetails, options?: ErrorOptions) {
    const { attempts, paths = [] } = details
    const why = paths.length > 0 ? `both sides changed ${paths.join(', ')}` : `others wrote first ${attempts} times`
    super('update-conflict', `the update was not made: ${why}`, options)
    Object.assign(this, { name: 'ConflictError', ...details, paths })
  }
}

/** The server shows no strong entity tag to make a write conditional on. Nothing was written. Code `weak-etag`. */
export class WeakETagError extends HoldfastError {
  constructor(url: string, etag: string | null) {
    super(
      'weak-etag',
      `${url} was answered with ${etag === null ? 'no ETag' : `the weak ETag ${etag}`}: no write can be conditional on it; ` +
        'have it sent with Cache-Control: no-transform, name the version (versioning), or accept lost updates (lastWriteWins)',
    )
    this.name = 'WeakETagError'
  }
}

/** The resource is not there, or no longer. Code `resource-gone`. */
export class GoneError extends HoldfastError {
  declare readonly status: number

  constructor(url: string, status: number) {
    super('resource-gone', `${url} was answered with ${status}: there is nothing to update`)
    Object.assign(this, { name: 'GoneError', status })
  }
}

/** What an `UpdateOutcomeUnknown` carries. */
export interface UnknownDetails {
  readonly method: string
  readonly url: string
  readonly key: string
  readonly base: unknown
  readonly intended: unknown
  readonly cause?: unknown
  /** Sends the very same write again. */
  resend(): Promise<Response>
}

/** A write was sent and may have been carried out; nobody says whether. Read the resource before writing again. Code `outcome-unknown`. */
export class UpdateOutcomeUnknown extends OutcomeUnknown {
  /** The value the change was made from. */
  declare readonly base: unknown
  /** What the resource is, if the write was carried out. */
  declare readonly intended: unknown

  constructor({ method, url, key, base, intended, cause, resend }: UnknownDetails) {
    super({ method, url, key }, cause, resend)
    Object.assign(this, { base, intended })
  }
}

/** Whether the time of the call is over. */
export function isDeadline(error: unknown): boolean {
  return isHoldfastError(error) && error.code === 'deadline-exceeded'
}
