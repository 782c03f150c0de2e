import { isIP, isIPv4 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createCall, toFields } from '../core/index.ts'
import { networkOf, parseAddress, parseNetwork } from './address.ts'
import { callerAddress } from './caller-address.ts'
import type { AddressOptions } from './caller-address.ts'

const nameOf = (text: string): string | undefined => {
  const address = parseAddress(text)
  return address && networkOf(address, address.length * 8)
}

describe('an address', () => {
  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::FFFF:0102:0304', '1.2.3.4'],
    ['1.2.3.4:80', '1.2.3.4'],
    ['[::ffff:1.2.3.4]:80', '1.2.3.4'],
    [' 1.2.3.4 ', '1.2.3.4'],
    ['[::1]:80', '00000000000000000000000000000001::/128'],
    ['::1', '00000000000000000000000000000001::/128'],
    ['0:0:0:0:0:0:0:1', '00000000000000000000000000000001::/128'],
    ['fe80::1%eth0', 'fe800000000000000000000000000001::/128'],
    ['[fe80::1%25eth0]', 'fe800000000000000000000000000001::/128'],
    ['2001:DB8::', '20010db8000000000000000000000000::/128'],
  ])('has one name, however it is written: %s [R39]', (text, name) => {
    expect(nameOf(text)).toBe(name)
  })

  it.each([
    '',
    'localhost',
    'unknown',
    '_hidden',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '256.1.1.1',
    '1.2.3.4%eth0',
    '1.2.3.4:',
    ':1',
    ':::',
    '1::2::3',
    '[::1',
    '::1]',
    'g::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '12345::',
  ])('is none: %j', (text) => {
    expect(nameOf(text)).toBeUndefined()
  })

  it('is what Node takes for one, and two spellings of one have one name', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV6(), fc.ipV4()), (text) => {
        expect(isIP(text)).not.toBe(0)
        const name = nameOf(text)
        expect(name).toBeDefined()
        expect(nameOf(isIPv4(text) ? `::ffff:${text}` : new URL(`http://[${text}]`).hostname)).toBe(name)
      }),
    )
  })

  it('is never found in what Node would not take, whatever it is', () => {
    const alphabet = fc.constantFrom(...'0123456789abcdefg:.%[]/ ')
    fc.assert(
      fc.property(
        fc.array(alphabet, { maxLength: 40 }).map((letters) => letters.join('')),
        (text) => {
          const address = parseAddress(text)
          if (address === undefined) return
          const bare = text.trim()
          const inner =
            /^\[([^\]]*)\]/.exec(bare)?.[1] ?? (bare.includes('.') && /^[^:]*:\d+$/.test(bare) ? bare.slice(0, bare.indexOf(':')) : bare)
          expect(isIP(inner.split('%')[0] ?? '')).not.toBe(0)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('lies in networks', () => {
    expect([networkOf([192, 0, 2, 77], 24), networkOf([10, 127, 0, 1], 10), networkOf(parseAddress('2001:db8:1:2::1') ?? [], 56)]).toEqual([
      '192.0.2.0/24',
      '10.64.0.0/10',
      '20010db8000100::/56',
    ])
    for (const text of ['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', '::/129', 'x/8', ''])
      expect(parseNetwork(text)).toBeUndefined()
  })
})

describe('the address of a caller', () => {
  const callerOf = (options: AddressOptions, peer: string | undefined, headers: Record<string, string> = {}): string =>
    callerAddress(options)(createCall({ method: 'GET', url: '/', headers: toFields(headers), peer })).caller

  it('is the other end of the connection, whatever a header says, where no proxy is trusted', () => {
    expect(callerOf({}, '198.51.100.7', { 'x-forwarded-for': '1.1.1.1', forwarded: 'for=1.1.1.1' })).toBe('198.51.100.7')
    expect(callerOf({}, undefined)).toBe('unknown')
  })

  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['1.1.1.1, 203.0.113.9', '203.0.113.9'],
    ['9.9.9.9, evil, 203.0.113.9', '203.0.113.9'],
    ['1.1.1.1,203.0.113.9:4711', '203.0.113.9'],
    ['', '10.0.0.1'],
    ['unknown', '10.0.0.1'],
  ])('is the last entry behind one proxy, not what is spoofed left of it: %j [R38]', (line, expected) => {
    expect(callerOf({ trustedProxies: 1 }, '10.0.0.1', { 'x-forwarded-for': line })).toBe(expected)
    expect(callerOf({ trustedProxies: ['10.0.0.0/8'] }, '10.0.0.1', { 'x-forwarded-for': line })).toBe(expected)
  })

  it.each([
    ['for=203.0.113.9', '203.0.113.9'],
    ['for=1.1.1.1, for=203.0.113.9;proto=https;by=10.0.0.1', '203.0.113.9'],
    ['for="1.1.1.1, 2.2.2.2", FOR="203.0.113.9:80"', '203.0.113.9'],
    ['proto=http;for="[2001:db8:cafe::17]:4711"', '20010db8cafe0000::/64'],
    ['for=_hidden', '10.0.0.1'],
    ['by=203.0.113.9', '10.0.0.1'],
    ['for="1.1.1.1', '10.0.0.1'],
    ['for="1.1.1.1, for="[2001:db8:cafe::17]:4711"', '20010db8cafe0000::/64'],
    ['", for=203.0.113.9', '203.0.113.9'],
    ['for=1.1.1.1\\, for="203.0.113.9"', '203.0.113.9'],
    ['host="x;for=6.6.6.6";for=203.0.113.9', '203.0.113.9'],
    ['for=203.0.113.9;host="a\\",for=6.6.6.6"', '203.0.113.9'],
    ['for="203.0.113.9\\\\"', '10.0.0.1'],
    ['for=1.1.1.1,, for = "203.0.113.9" ; proto=https,', '203.0.113.9'],
    ['xfor=6.6.6.6;for=203.0.113.9', '203.0.113.9'],
    ['for', '10.0.0.1'],
    ['"', '10.0.0.1'],
    ['\\"', '10.0.0.1'],
  ])('is read from Forwarded likewise: %j [R38]', (line, expected) => {
    expect(callerOf({ trustedProxies: 1, header: 'forwarded' }, '10.0.0.1', { forwarded: line })).toBe(expected)
  })

  it('is found behind several proxies', () => {
    const headers = { 'x-forwarded-for': '6.6.6.6, 203.0.113.9, 10.0.0.2' }
    expect(callerOf({ trustedProxies: 2 }, '10.0.0.1', headers)).toBe('203.0.113.9')
    expect(callerOf({ trustedProxies: ['10.0.0.0/8', 'fd00::/8'] }, '10.0.0.1', headers)).toBe('203.0.113.9')
    expect(callerOf({ trustedProxies: 9 }, '10.0.0.1', headers)).toBe('6.6.6.6')
    expect(callerOf({ trustedProxies: ['10.0.0.0/8'] }, '8.8.8.8', headers)).toBe('8.8.8.8')
    expect(callerOf({ trustedProxies: 2 }, '10.0.0.1', { 'x-forwarded-for': `${'1.1.1.1,'.repeat(2_000)}203.0.113.9,10.0.0.2` })).toBe(
      '203.0.113.9',
    )
  })

  it('may be as wide as is said', () => {
    expect(callerOf({ v6Bits: 48, v4Bits: 24 }, '192.0.2.9')).toBe('192.0.2.0/24')
    expect(callerOf({ v6Bits: 48 }, '2001:db8:1:2::3')).toBe('20010db80001::/48')
  })

  it.each<[string, object, string]>([
    ['trusts everybody', { trustedProxies: 'all' }, 'trusting every address lets each caller name any address it likes'],
    ['trusts all of v4', { trustedProxies: ['10.0.0.0/8', '0.0.0.0/0'] }, 'trusting every address'],
    ['trusts all of v6', { trustedProxies: ['::/0'] }, 'trusting every address'],
    ['names no network', { trustedProxies: ['proxy.internal'] }, 'expected networks such as "10.0.0.0/8", got "proxy.internal"'],
    ['has a negative number of proxies', { trustedProxies: -1 }, 'expected a number of proxies from 0 to 16'],
    ['has no number of proxies', { trustedProxies: Infinity }, 'expected a number of proxies from 0 to 16'],
    ['reads another header', { header: 'x-real-ip' }, 'header: expected one of x-forwarded-for, forwarded'],
    ['counts no bits', { v6Bits: 0 }, 'v6Bits: expected a whole number from 1 to 128, got 0'],
  ])('is refused when it %s [R38]', (_what, options, message) => {
    expect(() => callerAddress(options as AddressOptions)).toThrow(message)
  })

  it('believes everything when it is forced to', () => {
    expect(callerOf({ trustedProxies: 'all', force: true }, '8.8.8.8', { 'x-forwarded-for': '1.1.1.1, 2.2.2.2' })).toBe('1.1.1.1')
  })
})
