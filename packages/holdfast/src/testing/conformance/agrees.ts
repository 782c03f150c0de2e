import { isDeepStrictEqual } from 'node:util'
import type { Outcome } from './perform.ts'
import { hourMs } from './operation.ts'

// Histories only use times of an hour or more and of nothing at all, so a store's times may be this far off for being judged later.
const toleranceMs = hourMs / 4

/** Whether a store's outcome is the model's. Times may differ by what passed meanwhile; everything else may not. */
export function agrees(observed: Outcome, expected: Outcome): boolean {
  if (typeof observed !== 'object' || typeof expected !== 'object') return observed === expected
  const [left, right] = [new Map(Object.entries(observed)), new Map(Object.entries(expected))]
  return [...new Set([...left.keys(), ...right.keys()])].every((name) => agreesOn(name, left.get(name), right.get(name)))
}

function agreesOn(name: string, observed: unknown, expected: unknown): boolean {
  if (name.endsWith('Ms') && typeof observed === 'number' && typeof expected === 'number')
    return Math.abs(observed - expected) < toleranceMs
  // A Buffer is a Uint8Array, but not deep-equal to a plain one.
  if (observed instanceof Uint8Array && expected instanceof Uint8Array) return Buffer.compare(observed, expected) === 0
  return isDeepStrictEqual(observed, expected)
}

/** Writes an outcome the way failure messages show it. */
export function outcomeToText(outcome: unknown): string {
  if (typeof outcome === 'object' && outcome !== null && !(outcome instanceof Uint8Array)) {
    const parts = Object.entries(outcome).filter(([, value]) => value !== undefined)
    return `{ ${parts.map(([name, value]) => `${name}: ${outcomeToText(value)}`).join(', ')} }`
  }
  if (outcome instanceof Uint8Array) {
    const text = Buffer.from(outcome).toString('latin1')
    return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}… (${text.length} bytes)` : text)
  }
  return typeof outcome === 'string' ? JSON.stringify(outcome) : String(outcome)
}
