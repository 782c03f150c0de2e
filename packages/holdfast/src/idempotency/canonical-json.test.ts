import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CanonicalJsonError, canonicalJson, parsePointers } from './canonical-json.ts'

/** JSON as a tree of tokens: members in order, numbers as literals, so that a writer may spell the same document in many ways. */
type Node =
  | { readonly items: readonly Node[] }
  | { readonly members: readonly (readonly [string, Node])[] }
  | { readonly text: string }
  | { readonly literal: string }

const numberLiteral = fc.oneof(
  fc.integer().map(String),
  fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map(String),
  fc.constantFrom('-0', '0', '1.0', '1', '1e3', '1E+3', '1000', '12345678901234567890', '12345678901234567891', '0.1', '0.10'),
)
const { node } = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(numberLiteral, fc.constantFrom('true', 'false', 'null')).map((literal): Node => ({ literal })),
    fc.string({ unit: 'grapheme' }).map((text): Node => ({ text })),
    fc.array(tie('node'), { maxLength: 4 }).map((items): Node => ({ items })),
    fc
      .uniqueArray(fc.tuple(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'a', 'b')), tie('node')), {
        maxLength: 4,
        selector: ([name]) => name,
      })
      .map((members): Node => ({ members })),
  ),
}))

/** Escapes every character: the spelling furthest from the canonical one. */
const escaped = (text: string): string =>
  `"${[...text].flatMap((character) => Array.from({ length: character.length }, (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)).join('')}"`

function write(
  value: Node,
  spelling: { readonly space: string; readonly reversed: boolean; readonly string: (text: string) => string },
): string {
  const { space, reversed, string } = spelling
  if ('literal' in value) return `${space}${value.literal}${space}`
  if ('text' in value) return `${space}${string(value.text)}${space}`
  if ('items' in value) return `[${value.items.map((item) => write(item, spelling)).join(',')}${space}]`
  const members = value.members.map(([name, below]) => `${space}${string(name)}${space}:${write(below, spelling)}`)
  return `${space}{${(reversed ? members.toReversed() : members).join(',')}${space}}`
}

const plain = (value: Node): string => write(value, { space: '', reversed: false, string: (text) => JSON.stringify(text) })
const odd = (value: Node): string => write(value, { space: '\r\n\t ', reversed: true, string: escaped })

/** What makes two documents the same one: their tokens, members in any order. */
function meaning(value: Node): unknown {
  if ('literal' in value) return ['literal', value.literal]
  if ('text' in value) return ['text', value.text]
  if ('items' in value) return ['items', value.items.map(meaning)]
  return ['members', value.members.map(([name, below]) => [name, meaning(below)] as const).sort(([a], [b]) => (a < b ? -1 : 1))]
}

function isAccepted(text: string): boolean {
  try {
    canonicalJson(text)
    return true
  } catch (error) {
    if (error instanceof CanonicalJsonError) return false
    throw error
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('the canonical form of JSON', () => {
  it('does not depend on member order, white space or escapes', () => {
    fc.assert(
      fc.property(node, (value) => {
        expect(canonicalJson(odd(value))).toBe(canonicalJson(plain(value)))
      }),
    )
  })

  it('differs for two documents that differ', () => {
    fc.assert(
      fc.property(node, node, (a, b) => {
        const same = JSON.stringify(meaning(a)) === JSON.stringify(meaning(b))
        expect(canonicalJson(plain(a)) === canonicalJson(plain(b))).toBe(same)
      }),
    )
  })

  it('is JSON, of the same value, and its own canonical form', () => {
    fc.assert(
      fc.property(node, (value) => {
        const canonical = canonicalJson(odd(value)) as string
        expect(JSON.parse(canonical)).toEqual(JSON.parse(plain(value)))
        expect(canonicalJson(canonical)).toBe(canonical)
      }),
    )
  })

  it('accepts what JSON.parse accepts and nothing else, in mutations of JSON', () => {
    const mutated = fc
      .tuple(
        node,
        fc.nat(),
        fc.constantFrom('', '{', '}', '[', ']', ',', ':', '"', '\\', '0', '-', '.', 'e', ' ', 't', '\u0000', '\u00e9', '\ud800'),
        fc.nat(2),
      )
      .map(([value, at, inserted, removed]) => {
        const text = plain(value)
        const start = at % (text.length + 1)
        return text.slice(0, start) + inserted + text.slice(start + removed)
      })
    fc.assert(
      fc.property(mutated, (text) => {
        fc.pre(!(isJson(text) && !isAccepted(text) && /appears twice/.test(refusalOf(text))))
        expect(isAccepted(text)).toBe(isJson(text))
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    '',
    ' ',
    '{',
    '[1,]',
    '{"a":1,}',
    '{a:1}',
    "{'a':1}",
    '01',
    '1.',
    '.5',
    '+1',
    'NaN',
    'nul',
    'nullx',
    '[1 2]',
    '"\n"',
    '"\\x"',
    '"\\u12"',
    '"\\',
    '{"a"}',
    '1 1',
    '\ufeff{}',
  ])('refuses %j, as JSON.parse does', (text) => {
    expect(isJson(text)).toBe(false)
    expect(() => canonicalJson(text)).toThrow(CanonicalJsonError)
  })

  it('keeps number literals, so that amounts a double cannot tell apart stay different', () => {
    expect(canonicalJson('[12345678901234567890, 1.0, 1e3]')).toBe('[12345678901234567890,1.0,1e3]')
    expect(canonicalJson('12345678901234567890')).not.toBe(canonicalJson('12345678901234567891'))
  })

  it('refuses a member that is named twice, also under two spellings', () => {
    expect(() => canonicalJson('{"a":1,"a":1}')).toThrow('the member "a" appears twice in one object')
    expect(() => canonicalJson('{"a":1,"\\u0061":2}')).toThrow('appears twice')
    expect(() => canonicalJson('[{"x":{"__proto__":1,"__proto__":1}}]')).toThrow('the member "__proto__" appears twice')
    expect(canonicalJson('[{"a":1},{"a":2}]')).toBe('[{"a":1},{"a":2}]')
  })

  it('does not repeat a long member name in its refusal', () => {
    const name = 'n'.repeat(10_000)
    expect(refusalOf(`{"${name}":1,"${name}":1}`).length).toBeLessThan(200)
  })

  it('treats __proto__ and constructor as members like any other', () => {
    expect(canonicalJson('{"constructor":1,"__proto__":{"polluted":true}}')).toBe('{"__proto__":{"polluted":true},"constructor":1}')
    expect(canonicalJson('{"__proto__":1}')).not.toBe(canonicalJson('{}'))
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('keeps lone surrogates apart', () => {
    expect(canonicalJson('"\\ud800"')).not.toBe(canonicalJson('"\\ud801"'))
    expect(canonicalJson('"\\ud83d\\ude00"')).toBe(canonicalJson('"😀"'))
  })

  it('gives up on a document nested deeper than 200 levels, without overflowing', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
    expect(canonicalJson(nested(200))).toBe(nested(200))
    expect(canonicalJson(nested(202))).toBeUndefined()
    expect(canonicalJson('{"a":'.repeat(100_000))).toBeUndefined()
  })
})

describe('members that are ignored', () => {
  const ignoring = (text: string, ...pointers: string[]): string | undefined => canonicalJson(text, parsePointers(pointers))

  it('do not count, at any depth and in arrays', () => {
    expect(ignoring('{"meta":{"sentAt":1,"by":"a"},"n":1}', '/meta/sentAt')).toBe('{"meta":{"by":"a"},"n":1}')
    expect(ignoring('{"items":[{"at":1,"n":1},{"at":2,"n":2}]}', '/items/0/at')).toBe('{"items":[{"n":1},{"at":2,"n":2}]}')
    expect(ignoring('{"at":1}', '/at')).toBe(ignoring('{}', '/at'))
  })

  it('are found whatever their names hold', () => {
    expect(ignoring('{"a/b":1,"m~n":2,"__proto__":3,"x":4}', '/a~1b', '/m~0n', '/__proto__')).toBe('{"x":4}')
    expect(ignoring('{"\\u0061t":1}', '/at')).toBe('{}')
  })

  it('count where another object has a member of the same name', () => {
    expect(ignoring('{"sentAt":1}', '/meta/sentAt')).toBe('{"sentAt":1}')
  })

  it('are ignored whole when a shorter pointer says so, in either order', () => {
    expect(ignoring('{"a":{"b":1,"c":2}}', '/a', '/a/b')).toBe('{}')
    expect(ignoring('{"a":{"b":1,"c":2}}', '/a/b', '/a')).toBe('{}')
  })

  it('are refused when they are not written as JSON Pointers', () => {
    expect(() => parsePointers(['meta/sentAt'])).toThrow('expected a JSON Pointer that begins with "/", got "meta/sentAt"')
    expect(() => parsePointers([''])).toThrow('expected a JSON Pointer')
  })
})

function refusalOf(text: string): string {
  try {
    canonicalJson(text)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}
