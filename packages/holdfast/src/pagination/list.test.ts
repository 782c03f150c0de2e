import { describe, expect, it } from 'vitest'
import { isHoldfastError } from '../core/index.ts'
import { defineList } from './list.ts'
import type { ListDeclaration } from './list.ts'
import { memoryList } from './memory.ts'
import { sqlList } from './sql/reader.ts'

const sound: ListDeclaration = {
  name: 'rows',
  keys: { size: { type: 'integer' }, id: { type: 'integer' } },
  unique: 'id',
  sorts: { default: 'size', size: ['size', 'id'], '-size': ['-size', 'id'] },
}

function refusalOf(change: object): string {
  try {
    defineList({ ...sound, ...change } as ListDeclaration)
  } catch (error) {
    if (isHoldfastError(error) && error.code === 'configuration-invalid') return error.message
    throw error
  }
  return 'accepted'
}

const withKey = (key: object): object => ({ keys: { ...sound.keys, extra: key } })

describe('a list', () => {
  it('is accepted when it is sound', () => {
    expect(refusalOf({})).toBe('accepted')
    expect(defineList(sound)).toMatchObject({
      limit: { default: 20, max: 100, over: 'clamp' },
      ttlMs: 259_200_000,
      prev: true,
      count: 'none',
    })
  })

  it.each<[string, object, string]>([
    [
      'a sort without the unique key',
      { sorts: { default: ['size'] } },
      'sort default: expected id as the last key, got size; without a unique key',
    ],
    ['the unique key in the middle', { sorts: { default: ['id', 'size'] } }, 'expected id as the last key, got size'],
    ['no default sort', { sorts: { size: ['size', 'id'] } }, 'sorts: expected one called default'],
    ['no sorts', { sorts: undefined }, 'sorts: expected one called default'],
    ['a sort of an unknown key', { sorts: { default: ['age', 'id'] } }, 'expected keys of size, id, got "age"'],
    ['a key twice', { sorts: { default: ['size', '-size', 'id'] } }, 'expected each key once'],
    ['a name of a sort that is none', { sorts: { default: 'age' } }, 'expected keys, or the name of a sort that has some, got "age"'],
    ['a unique key that is not declared', { unique: 'uid' }, 'unique: expected one of the keys size, id, got uid'],
    [
      'a unique key that may be NULL',
      { keys: { ...sound.keys, id: { type: 'integer', nullable: true, nulls: 'last' } } },
      'unique: expected a key that is never NULL',
    ],
    ['a nullable key without a place', withKey({ type: 'integer', nullable: true }), 'nulls: expected "first" or "last"'],
    ['a place for no NULL', withKey({ type: 'integer', nulls: 'last' }), 'nulls: expected none'],
    ['a float', withKey({ type: 'float' }), 'floating point has no exact text'],
    ['a double', withKey({ type: 'double precision' }), 'floating point has no exact text'],
    ['a timestamp without zone', withKey({ type: 'timestamp' }), 'a timestamp without zone names no instant; use timestamptz'],
    ['a text without a bound', withKey({ type: 'text' }), 'maxBytes: expected the longest text in bytes, at most 256'],
    ['a text that is too long', withKey({ type: 'text', maxBytes: 257 }), 'maxBytes: expected a whole number from 1 to 256, got 257'],
    ['a collation that is no name', withKey({ type: 'text', maxBytes: 9, collation: 'C"; DROP' }), 'collation: expected a name'],
    ['an unknown type', withKey({ type: 'json' }), 'expected a type of integer, numeric, text'],
    ['a key with an unknown option', withKey({ type: 'integer', nullible: true }), 'unknown option "nullible"'],
    ['an unknown option', { filter: {} }, 'unknown option "filter"'],
    ['a name that is none', { name: 'a b' }, 'name: expected 1 to 64 letters'],
    ['a filter named like a parameter', { filters: { limit: {} } }, 'filter limit: expected another name'],
    [
      'a default its filter refuses',
      { filters: { status: { oneOf: ['a'], default: 'b' } } },
      'default: expected a value the filter accepts',
    ],
    ['a limit of nothing', { limit: { max: 0 } }, 'limit.default: expected a whole number from 1'],
    ['a default above the highest', { limit: { default: 50, max: 20 } }, 'limit.default: expected at most max (20), got 50'],
    ['a mistyped limit rule', { limit: { over: 'clip' } }, 'limit.over: expected one of clamp, error'],
    ['a lifetime that is none', { ttl: '3 days' }, 'ttl: expected a duration such as "3d"'],
    ['a consistency that is none', { consistency: 'strong' }, 'consistency: expected live'],
    ['a snapshot of no key', { consistency: { snapshot: 'age' } }, 'expected a key that is never NULL'],
    [
      'a horizon of a key that is no xid8',
      { sorts: { default: ['size', 'id'] }, consistency: { horizon: 'size' } },
      'horizon: expected an xid8 key, got integer',
    ],
    [
      'a horizon that a sort does not begin with',
      { keys: { tx: { type: 'xid8' }, ...sound.keys }, consistency: { horizon: 'tx' } },
      'expected every sort to begin with tx, got sort size',
    ],
    [
      'a lag without a unit',
      { sorts: { default: ['size', 'id'] }, consistency: { lag: 'size', ms: 5 } },
      'an integer key and the unit it counts',
    ],
    ['a count that is none', { count: 'yes' }, 'count: expected one of none, estimate, exact'],
    [
      'keys too long for a cursor',
      {
        keys: { a: { type: 'text', maxBytes: 256 }, b: { type: 'text', maxBytes: 200 }, id: { type: 'integer' } },
        sorts: { default: ['a', 'b', 'id'] },
      },
      'its cursors may have',
    ],
  ])('is refused with %s', (_what, change, message) => {
    expect(refusalOf(change)).toContain(message)
  })

  it('is refused by databases that cannot keep its keys exactly', () => {
    const numeric = defineList({ ...sound, keys: { ...sound.keys, size: { type: 'numeric' } } })
    const stamped = defineList({ ...sound, keys: { ...sound.keys, size: { type: 'timestamptz' } } })
    const local = defineList({ ...sound, keys: { ...sound.keys, size: { type: 'text', maxBytes: 20, collation: 'de-x-icu' } } })
    expect(() => sqlList(numeric, { dialect: 'sqlite' })).toThrow('SQLite has no exact decimals')
    expect(() => sqlList(stamped, { dialect: 'sqlite' })).toThrow('SQLite has no timestamps')
    expect(() => sqlList(numeric, { dialect: 'oracle' as 'mysql' })).toThrow('dialect: expected postgres, sqlite or mysql')
    expect(() => memoryList(local, { size: () => '', id: () => 1 })).toThrow('memory orders text by code point')
    expect(() => memoryList(numeric, { id: () => 1 })).toThrow('key size: expected a function')
  })
})
