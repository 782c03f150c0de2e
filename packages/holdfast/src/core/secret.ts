import { createSecretKey, hkdfSync, randomFillSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { configurationError } from './errors.ts'

const shortestSecret = 16
const nonceBytes = 12

/**
 * Refuses a secret that could be guessed.
 *
 * @throws HoldfastError `configuration-invalid`
 */
export function assertSecret(name: string, secret: string | Uint8Array): void {
  if (secret.length < shortestSecret)
    throw configurationError(
      `${name}: expected at least ${shortestSecret} characters or bytes, got ${secret.length}; make one with \`openssl rand -base64 32\``,
    )
}

/** Derives 32 bytes for one purpose (HKDF-SHA256, RFC 5869). Made a key object, which costs a twentieth of what a cipher takes to make one of bytes. */
export function deriveKey(secret: string | Uint8Array, purpose: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `holdfast ${purpose} v1`, 32)))
}

/** Draws 96-bit nonces by the hundred: asking for randomness costs as much as sealing a record. */
export function createNonces(): () => Uint8Array {
  const drawn = new Uint8Array(256 * nonceBytes)
  let at = drawn.byteLength
  return () => {
    if (at === drawn.byteLength) {
      randomFillSync(drawn)
      at = 0
    }
    at += nonceBytes
    return drawn.subarray(at - nonceBytes, at)
  }
}
