import { createCipheriv, createDecipheriv, createHash, createHmac, createSecretKey, hash } from 'node:crypto'
import { timeDigits } from './key.ts'
import { assertSecret, createNonces, deriveKey as keyFor } from '../core/secret.ts'

/** Whose key it is. `endpoint` is set where keys are scoped to one route. */
export interface KeyName {
  readonly account: string
  readonly key: string
  readonly endpoint?: string | undefined
}

/**
 * Turns keys into ids, calls into fingerprints and answers into bytes that only a holder of the secret and the key can read: a
 * dump of the store reveals neither keys nor bodies.
 */
export interface Sealer {
  id(name: KeyName): string
  scope(account: string): string
  fingerprint(description: string): string
  seal(name: KeyName, plain: Uint8Array): Uint8Array
  /** @throws when the bytes were not sealed under this secret and name */
  open(name: KeyName, sealed: Uint8Array): Uint8Array
  /** A UUIDv8 (RFC 9562 section 5.8) for a call to another system: the same in every attempt of this key. */
  derive(name: KeyName, label: string): string
}

const sealVersion = 1
const nonceBytes = 12
const tagBytes = 16
const rememberedScopes = 10_000

/**
 * Fields prefixed with their lengths: no account and key can be mistaken for another pair. Joined, since a template makes a tree of strings, and each of
 * its nodes would be kept, and copied by the garbage collector, as long as the record.
 */
function nameText(namespace: string, { account, key, endpoint = '' }: KeyName): string {
  return [namespace.length, ':', namespace, account.length, ':', account, endpoint.length, ':', endpoint, key].join('')
}

/**
 * Sealer for stores that outlive the process: HMAC-SHA256 for names, after the time of keys that are UUIDv7, AES-256-GCM under a key of its own for every record (HKDF,
 * RFC 5869).
 *
 * @throws HoldfastError `configuration-invalid` for a secret shorter than 16 characters
 * @example
 * const sealer = createSealer(secret, 'ledger')
 */
export function createSealer(secret: string | Uint8Array, namespace: string): Sealer {
  assertSecret('secret', secret)
  const derived = (purpose: string) => keyFor(secret, purpose)
  const [idKey, fingerprintKey, sealKey, deriveKey] = [derived('id'), derived('fingerprint'), derived('seal'), derived('derive')]
  const mac = (key: ReturnType<typeof derived>, text: string) => createHmac('sha256', key).update(text)
  // One HMAC over a pseudorandom key and the record's name is the expand step of HKDF for one block.
  // Made a key object, which costs a twentieth of what a cipher takes to make one of bytes.
  const recordKey = (name: KeyName) => createSecretKey(mac(sealKey, `${nameText(namespace, name)}\u0001`).digest())
  const nextNonce = createNonces()
  const scopes = new Map<string, string>()
  const sealer: Sealer = {
    // Ids of keys that carry their time begin with it, as a database writes neighbours together, where a random id touches a page of its own.
    id: (name) => timeDigits(name.key) + mac(idKey, nameText(namespace, name)).digest('base64url'),
    scope(account) {
      let scope = scopes.get(account)
      if (scope === undefined) {
        if (scopes.size >= rememberedScopes) scopes.clear()
        scope = mac(idKey, `scope ${namespace.length}:${namespace}${account}`).digest('base64url')
        scopes.set(account, scope)
      }
      return scope
    },
    fingerprint: (description) => mac(fingerprintKey, description).digest('base64url'),
    seal(name, plain) {
      const sealed = new Uint8Array(1 + nonceBytes + tagBytes + plain.byteLength)
      sealed[0] = sealVersion
      const nonce = nextNonce()
      sealed.set(nonce, 1)
      const cipher = createCipheriv('aes-256-gcm', recordKey(name), nonce)
      sealed.set(cipher.update(plain), 1 + nonceBytes + tagBytes)
      cipher.final()
      sealed.set(cipher.getAuthTag(), 1 + nonceBytes)
      return sealed
    },
    open(name, sealed) {
      if (sealed[0] !== sealVersion) throw new Error(`the record is sealed in format ${sealed[0]}, and this version reads ${sealVersion}`)
      const decipher = createDecipheriv('aes-256-gcm', recordKey(name), sealed.subarray(1, 1 + nonceBytes))
      decipher.setAuthTag(sealed.subarray(1 + nonceBytes, 1 + nonceBytes + tagBytes))
      const plain = decipher.update(sealed.subarray(1 + nonceBytes + tagBytes))
      decipher.final()
      return plain
    },
    derive: (name, label) => toUuidV8(mac(deriveKey, `${nameText(namespace, name)}\u0000${label}`).digest()),
  }
  return sealer
}

/**
 * Sealer for stores that live and die with the process: whoever reads its memory reads the secret as well, so names stay
 * readable and hashing is all that is paid for.
 */
export function createPlainSealer(namespace: string): Sealer {
  return {
    id: (name) => nameText(namespace, name),
    scope: (account) => account,
    fingerprint: (description) => hash('sha256', description, 'base64url'),
    seal: (_name, plain) => plain,
    open: (_name, sealed) => sealed,
    derive: (name, label) =>
      toUuidV8(
        createHash('sha256')
          .update(`${nameText(namespace, name)}\u0000${label}`)
          .digest(),
      ),
  }
}

function toUuidV8(digest: Buffer): string {
  digest[6] = ((digest[6] as number) & 0x0f) | 0x80
  digest[8] = ((digest[8] as number) & 0x3f) | 0x80
  const hex = digest.toString('hex', 0, 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
