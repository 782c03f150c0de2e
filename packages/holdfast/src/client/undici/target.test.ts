import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toTarget } from './target.ts'

/** As the platform splits it. */
function parsed(url: string): unknown {
  if (!URL.canParse(url)) return TypeError
  const { protocol, origin, pathname, search, href } = new URL(url)
  return /^https?:$/.test(protocol) ? { origin, path: pathname + search, href } : TypeError
}

function split(url: string): unknown {
  try {
    return toTarget(url)
  } catch (error) {
    return (error as Error).constructor
  }
}

const hosts = [
  'api.example',
  'API.example',
  '127.0.0.1',
  '127.1',
  '0x7f.1',
  '1.2.3.4.5',
  'a..b',
  'xn--a',
  'user@api.example',
  '[::1]',
  '-',
  '.',
]
const ports = ['', ':80', ':443', ':8080', ':08080', ':0', ':65536', ':']
const parts = [
  '/',
  'a',
  '.',
  '..',
  '%2e',
  '%2E',
  '%',
  '%zz',
  '?',
  '#',
  '&',
  '=',
  "'",
  '"',
  '|',
  '^',
  '{',
  '\\',
  ' ',
  '\t',
  'é',
  '[',
  ';',
  ',',
  '~',
  '*',
  '+',
  '@',
  ':',
]

describe('the target of a request', () => {
  it('is what the parser of the platform makes of it, however the URL is written', () => {
    const url = fc
      .tuple(
        fc.constantFrom('http://', 'https://', 'HTTP://', 'ftp://', 'http:/', ''),
        fc.constantFrom(...hosts),
        fc.constantFrom(...ports),
        fc.array(fc.constantFrom(...parts), { maxLength: 8 }),
      )
      .map(([scheme, host, port, path]) => `${scheme}${host}${port}${path.join('')}`)
    fc.assert(
      fc.property(url, (given) => {
        expect(split(given)).toEqual(parsed(given))
      }),
      { numRuns: 5_000 },
    )
  })

  it('goes without that parser where nothing is to be changed', () => {
    const { URL: platform } = globalThis
    const target = { origin: 'https://fast.example', path: '/a/b-c_1?x=1&y=%20', href: 'https://fast.example/a/b-c_1?x=1&y=%20' }
    expect(toTarget('https://fast.example/seen-before')).toMatchObject({ origin: 'https://fast.example' })
    globalThis.URL = undefined as never
    try {
      expect(toTarget(target.href)).toEqual(target)
    } finally {
      globalThis.URL = platform
    }
  })
})
