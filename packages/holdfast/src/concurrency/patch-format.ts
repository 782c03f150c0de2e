import type { ProblemCode } from '../core/index.ts'

/** A way to describe a change. */
export interface PatchFormat {
  /** Without parameters: `application/merge-patch+json`. */
  readonly mediaType: string
  /**
   * A document with the patch applied; the one given stays as it is.
   *
   * @throws PatchError when the patch is not valid, or does not fit the document
   */
  apply(document: unknown, patch: unknown): unknown
}

/** A patch that cannot be applied. `code` says why, and is the code of the refusal. */
export class PatchError extends Error {
  readonly code: Extract<ProblemCode, 'patch-invalid' | 'patch-inapplicable' | 'patch-test-failed'>
  /** Which operation, counted from 0. */
  readonly operation: number | undefined

  constructor(code: PatchError['code'], message: string, operation?: number) {
    super(message)
    this.name = 'PatchError'
    this.code = code
    this.operation = operation
  }
}

/**
 * Whether a value has members: a JSON object or array, also a row without a prototype as `node:sqlite` gives it. A number that a parser kept as text
 * (`JSON.rawJSON`) has none; it is an object without a prototype that is frozen.
 */
export function hasMembers(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(Object.getPrototypeOf(value) === null && Object.isFrozen(value))
}
