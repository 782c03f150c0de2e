import { problem as defaultProblem, isHoldfastError } from '../core/index.ts'
import type { Call, Problem, Reply } from '../core/index.ts'
import { mergePatch } from './merge-patch.ts'
import { PatchError } from './patch-format.ts'
import type { PatchFormat } from './patch-format.ts'

/** How patches are read. */
export interface PatchOptions {
  /** What the route takes. @default [mergePatch] */
  readonly formats?: readonly PatchFormat[]
  /** The longest patch, bytes. @default 1_048_576 */
  readonly maxBytes?: number
  /** Reads JSON. Give one that keeps the digits of large numbers, where they matter. @default JSON.parse */
  readonly parse?: (text: string) => unknown
  readonly problem?: Problem
}

/** A patch that was read, or the reply that refuses it. */
export type ReadPatch = { readonly refusal: Reply } | { readonly apply: (document: unknown) => AppliedPatch }

/** A patched document, or the reply that refuses the patch. */
export type AppliedPatch = { readonly refusal: Reply } | { readonly document: unknown }

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads the patch of a PATCH call: 415 with Accept-Patch for another media type (RFC 5789 section 2.2), 400 for what is no JSON. The patch is applied to a document later, when it
 * was read: again for each attempt, where the write is repeated.
 *
 * @example
 * const patch = await readPatch(call, { formats: [mergePatch, jsonPatch] })
 * if ('refusal' in patch) return patch.refusal
 * const patched = patch.apply(wallet)
 */
export async function readPatch(call: Call, options: PatchOptions = {}): Promise<ReadPatch> {
  const { formats = [mergePatch], maxBytes = 1_048_576, parse = JSON.parse, problem = defaultProblem } = options
  const essence = (call.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase()
  const format = formats.find(({ mediaType }) => mediaType === essence)
  if (format === undefined) {
    const accepted = acceptPatch(formats)
    return { refusal: problem('patch-type-unsupported', { detail: `send one of ${accepted}`, headers: { 'accept-patch': accepted } }) }
  }
  let patch: unknown
  try {
    patch = parse(utf8.decode(await call.bytes(maxBytes)))
  } catch (error) {
    if (isHoldfastError(error)) {
      if (error.code !== 'body-too-large') throw error
      return { refusal: problem('body-too-large', { detail: error.message }) }
    }
    return { refusal: problem('patch-invalid', { detail: 'the patch is not JSON in UTF-8' }) }
  }
  return {
    apply(document) {
      try {
        return { document: format.apply(document, patch) }
      } catch (error) {
        if (!(error instanceof PatchError)) throw error
        const { code, message, operation } = error
        return { refusal: problem(code, { detail: message, ...(operation !== undefined && { members: { operation } }) }) }
      }
    },
  }
}

/** The value of an Accept-Patch field, for answers to GET and OPTIONS. */
export function acceptPatch(formats: readonly PatchFormat[]): string {
  return formats.map(({ mediaType }) => mediaType).join(', ')
}
