import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { configurationError } from '../core/index.ts'
import { assertSecret, createNonces, deriveKey } from '../core/secret.ts'
import { sealBytes } from './position.ts'

/** Seals positions so that callers can neither read, nor make, nor carry them to another list or account. */
export interface CursorSealer {
  seal(account: string, plain: Uint8Array): string
  /** `invalid` for everything that was not sealed for this list and account; `expired` under a secret that is no longer known. */
  open(account: string, token: string): Uint8Array | 'invalid' | 'expired'
}

/** What a sealer is made of. */
export interface CursorSealerOptions {
  /** Newest first: the first seals, all open. */
  readonly secrets: readonly (string | Uint8Array)[]
  /** Separates APIs that share a secret. */
  readonly namespace: string
  /** The list's name. */
  readonly list: string
}

interface Ring {
  readonly header: Buffer
  key(account: string): KeyObject
}

const tokenVersion = 1
const headerBytes = 5
const nonceBytes = 12
const tagBytes = 16
/** Longer than any token of a sound declaration, and short enough to cost nothing. */
const longestToken = 4096
const rememberedAccounts = 10_000

/**
 * Makes the sealer of one list: AES-256-GCM under a key for each secret, list and account (HKDF and its expand step, RFC 5869). With a
 * key for each account the 2^32 random nonces that one key may see (NIST SP 800-38D, section 8.3) count by account.
 *
 * A token is `base64url(version, key id, check, nonce, tag, sealed)`.
 *
 * @throws HoldfastError `configuration-invalid` for no secret, a short one, or one given twice
 * @example
 * const sealer = createCursorSealer({ secrets: [secret], namespace: 'ledger', list: 'transfers' })
 */
export function createCursorSealer({ secrets, namespace, list }: CursorSealerOptions): CursorSealer {
  const [newest, ...older] = secrets.map((secret) => createRing(secret, namespace, list))
  if (newest === undefined) throw configurationError('cursorSecrets: expected at least one secret, got none')
  const rings = [newest, ...older]
  if (new Set(rings.map(({ header }) => header.toString('hex'))).size < rings.length)
    throw configurationError('cursorSecrets: expected different secrets, got one twice')
  const nextNonce = createNonces()
  return {
    seal(account, plain) {
      const { header, key } = newest
      const nonce = nextNonce()
      const cipher = createCipheriv('aes-256-gcm', key(account), nonce)
      cipher.setAAD(aadOf(header, account))
      const sealed = Buffer.allocUnsafe(sealBytes + plain.byteLength)
      header.copy(sealed)
      sealed.set(nonce, headerBytes)
      sealed.set(cipher.update(plain), sealBytes)
      cipher.final()
      sealed.set(cipher.getAuthTag(), headerBytes + nonceBytes)
      return sealed.toString('base64url')
    },
    open(account, token) {
      if (token.length > longestToken) return 'invalid'
      const sealed = Buffer.from(token, 'base64url')
      // Node skips what is not base64url, and two texts can stand for the same bytes; only the one we wrote is a cursor.
      if (sealed.byteLength <= sealBytes || sealed.toString('base64url') !== token) return 'invalid'
      const ring = rings.find(({ header }) => header.equals(sealed.subarray(0, headerBytes)))
      if (ring === undefined) return isHeader(sealed) ? 'expired' : 'invalid'
      const decipher = createDecipheriv('aes-256-gcm', ring.key(account), sealed.subarray(headerBytes, headerBytes + nonceBytes), {
        authTagLength: tagBytes,
      })
      decipher.setAAD(aadOf(ring.header, account))
      decipher.setAuthTag(sealed.subarray(headerBytes + nonceBytes, sealBytes))
      const plain = decipher.update(sealed.subarray(sealBytes))
      try {
        decipher.final()
      } catch {
        return 'invalid'
      }
      return plain
    },
  }
}

function createRing(secret: string | Uint8Array, namespace: string, list: string): Ring {
  assertSecret('cursorSecrets', secret)
  const kid = Buffer.from(hkdfSync('sha256', secret, '', 'holdfast cursor key id v1', 3))
  const listKey = deriveKey(secret, `cursor ${namespace.length}:${namespace}${list}`)
  const keys = new Map<string, KeyObject>()
  return {
    header: Buffer.from([tokenVersion, ...kid, checkOf(tokenVersion, kid)]),
    key(account) {
      let key = keys.get(account)
      if (key === undefined) {
        if (keys.size >= rememberedAccounts) keys.clear()
        key = createSecretKey(createHmac('sha256', listKey).update(`${account}\u0001`).digest())
        keys.set(account, key)
      }
      return key
    },
  }
}

/** Tells a token of a retired secret from one whose header was damaged: any single flipped bit changes the parity. */
function checkOf(version: number, kid: Uint8Array): number {
  return kid.reduce((check, byte) => check ^ byte, version ^ 0xa5)
}

function isHeader(sealed: Buffer): boolean {
  return sealed[0] === tokenVersion && sealed[4] === checkOf(tokenVersion, sealed.subarray(1, 4))
}

function aadOf(header: Buffer, account: string): Buffer {
  return Buffer.concat([header, Buffer.from(account)])
}
