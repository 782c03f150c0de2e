import { hashOf } from '../hash.ts'

/** A short text that differs for texts that differ, unless somebody looks for one: not for secrets. 64 bits. */
export function fingerprint(text: string): string {
  return [hashOf(text), hashOf(text, 0x85ebca6b)].map((hash) => hash.toString(16).padStart(8, '0')).join('')
}
