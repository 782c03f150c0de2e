import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPlainSealer, createSealer } from './seal.ts'
import type { KeyName } from './seal.ts'

const secret = 'a secret of the tests, long enough'
const name: KeyName = { account: 'ada', key: 'k-1' }
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const anyName = fc.record({ account: fc.string(), key: fc.string(), endpoint: fc.option(fc.string({ minLength: 1 }), { nil: undefined }) })
const sameName = (a: KeyName, b: KeyName): boolean =>
  a.account === b.account && a.key === b.key && (a.endpoint ?? '') === (b.endpoint ?? '')

describe('a sealed record', () => {
  const sealer = createSealer(secret, 'ledger')

  it('opens to the bytes that were sealed', () => {
    fc.assert(
      fc.property(anyName, fc.uint8Array({ maxLength: 200 }), (whose, plain) => {
        expect([...sealer.open(whose, sealer.seal(whose, plain))]).toEqual([...plain])
      }),
    )
  })

  it('has ids in the order of their keys, where keys are UUIDv7, and as long a digest behind', () => {
    const idOf = (key: string): string => sealer.id({ account: 'ada', key })
    const keys = ['01932f3a-0000-7000-8000-0123456789ab', '01932F3A-0001-7fff-8000-0123456789ab', '01932f3a-0002-7000-8000-0123456789ab']
    const ids = keys.map(idOf)
    expect(ids.map((id) => id.slice(0, 12))).toEqual(['01932f3a0000', '01932f3a0001', '01932f3a0002'])
    expect(new Set(ids.map((id) => id.slice(12))).size).toBe(3)
    expect([...ids.map((id) => id.slice(12).length), idOf('k-1').length]).toEqual([43, 43, 43, 43])
    expect(idOf(keys[0]?.toUpperCase() as string).slice(12)).not.toBe(ids[0]?.slice(12))
  })

  it('opens in another process with the same secret', () => {
    expect(Buffer.from(createSealer(Buffer.from(secret), 'ledger').open(name, sealer.seal(name, bytes('answer')))).toString()).toBe(
      'answer',
    )
  })

  it.each<[string, KeyName]>([
    ['another account', { ...name, account: 'bob' }],
    ['another key', { ...name, key: 'k-2' }],
    ['another endpoint', { ...name, endpoint: 'POST /transfers' }],
    ['the same text cut elsewhere', { account: 'adak', key: '-1' }],
  ])('does not open under %s', (_what, other) => {
    expect(() => sealer.open(other, sealer.seal(name, bytes('answer')))).toThrow()
  })

  it('does not open under another secret or namespace', () => {
    const sealed = sealer.seal(name, bytes('answer'))
    expect(() => createSealer('another secret of the tests', 'ledger').open(name, sealed)).toThrow()
    expect(() => createSealer(secret, 'shop').open(name, sealed)).toThrow()
  })

  it('does not open when a single bit was changed, or bytes are missing', () => {
    const sealed = sealer.seal(name, bytes('answer'))
    for (let at = 0; at < sealed.byteLength; at++) {
      const changed = Uint8Array.from(sealed)
      changed[at] = (changed[at] as number) ^ 1
      expect(() => sealer.open(name, changed)).toThrow()
      expect(() => sealer.open(name, sealed.subarray(0, at))).toThrow()
    }
  })

  it('looks different each time, and shows nothing of what it holds', () => {
    const plain = bytes('{"iban":"DE89370400440532013000","note":"for ada, key k-1"}')
    const [first, second] = [sealer.seal(name, plain), sealer.seal(name, plain)]
    expect(Buffer.compare(first, second)).not.toBe(0)
    for (const part of ['iban', 'DE89', 'ada', 'k-1', secret]) expect(Buffer.from(first).includes(part)).toBe(false)
  })
})

describe('names in a store', () => {
  const sealer = createSealer(secret, 'ledger')

  it('show neither account nor key', () => {
    const texts = [sealer.id(name), sealer.scope('ada'), sealer.fingerprint('POST /transfers'), sealer.derive(name, 'charge')]
    for (const text of texts) expect(text).not.toMatch(/ada|k-1|POST|transfers|charge/)
  })

  it.each([
    ['sealed', createSealer(secret, 'ledger')],
    ['plain', createPlainSealer('ledger')],
  ])('differ for different names and agree for equal ones (%s)', (_kind, { id, derive }) => {
    fc.assert(
      fc.property(anyName, anyName, (a, b) => {
        expect(id(a) === id(b)).toBe(sameName(a, b))
        expect(derive(a, 'charge') === derive(b, 'charge')).toBe(sameName(a, b))
      }),
    )
  })

  it('do not mix up namespaces', () => {
    expect(createSealer(secret, 'shop').id(name)).not.toBe(sealer.id(name))
    expect(createPlainSealer('shop').id(name)).not.toBe(createPlainSealer('ledger').id(name))
  })

  it('stay the same after ten thousand other accounts', () => {
    const before = sealer.scope('ada')
    for (let account = 0; account < 10_001; account++) sealer.scope(String(account))
    expect(sealer.scope('ada')).toBe(before)
  })
})

describe('derived keys', () => {
  it('are UUIDv8, one for each label, the same in every attempt', () => {
    const { derive } = createSealer(secret, 'ledger')
    expect(derive(name, 'charge')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(derive(name, 'charge')).toBe(createSealer(secret, 'ledger').derive(name, 'charge'))
    expect(derive(name, 'charge')).not.toBe(derive(name, 'mail'))
  })
})

describe('a secret', () => {
  it('is refused when it is short', () => {
    expect(() => createSealer('short', 'ledger')).toThrow('secret: expected at least 16 characters or bytes, got 5')
    expect(() => createSealer(new Uint8Array(15), 'ledger')).toThrow('got 15')
  })
})
