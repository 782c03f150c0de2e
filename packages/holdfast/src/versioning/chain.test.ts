import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aTransfer, aWallet, declareVersions, v1, v2, v3 } from '../../test/versioning/fixture.ts'
import { tryChange, tryVersion } from './check/round-trip.ts'
import { seeded } from './check/seeded.ts'
import { defineChange } from './change.ts'
import { rewriteJson } from './json/rewrite.ts'
import { convert, defaultTo, hide, merge, move, remove, rename, split, unwrap, wrap } from './operations/index.ts'
import type { Operation } from './operations/index.ts'
import { render } from './render.ts'
import type { Schema } from './schema/schema.ts'
import { resource } from './target.ts'
import { defineVersions } from './versions.ts'
import type { Versions } from './versions.ts'

const versions = declareVersions()
const silent = { fired: () => {} }
const runs = Number(process.env['SAMPLES'] ?? 60)

const translate = (from: Versions, shape: string, version: string, direction: 'up' | 'down', value: unknown): unknown => {
  const plan = from.plan(version)?.[direction](shape)
  const text = JSON.stringify(value)
  return JSON.parse(plan === undefined ? text : rewriteJson(text, plan, silent))
}

describe('a chain of versions', () => {
  it('gives each version its shape of one row [T2]', () => {
    expect(translate(versions, 'transfer', v3, 'down', aTransfer)).toEqual(aTransfer)
    expect(translate(versions, 'transfer', v2, 'down', aTransfer)).toEqual({
      id: 'trf_1',
      from: 'wal_1',
      to: 'wal_2',
      amount: { value: '10.50', currency: 'EUR' },
      status: 'done',
      memo: 'rent',
    })
    expect(translate(versions, 'transfer', v1, 'down', aTransfer)).toEqual({
      id: 'trf_1',
      from: 'wal_1',
      to: 'wal_2',
      amount: 1050,
      currency: 'eur',
      status: 'done',
      memo: 'rent',
    })
  })

  it('finds a resource inside another, and in lists inside it [T4]', () => {
    const { $defs } = recursive
    const tree = defineVersions({
      versions: [{ id: '2025-01-01' }, { id: '2026-01-01' }],
      changes: [
        defineChange({ id: 'label', in: '2026-01-01', summary: 'x', on: resource('node'), operations: [rename('/name', '/label')] }),
      ],
      routes: { 'GET /tree': { responses: { 200: { $ref: '#/$defs/node', $defs } } } },
    })
    const value = { label: 'a', children: [{ label: 'b', children: [], twin: { label: 'c', children: [], twin: null } }], twin: null }
    expect(translate(tree, 'node', '2025-01-01', 'down', value)).toEqual({
      name: 'a',
      children: [{ name: 'b', children: [], twin: { name: 'c', children: [], twin: null } }],
      twin: null,
    })
    expect(translate(versions, 'wallet', v1, 'down', { ...aWallet, last_transfer: aTransfer })).toMatchObject({
      owner: 'Ann',
      last_transfer: { from: 'wal_1', amount: 1050 },
    })
  })

  it('undoes changes of one member in the exact reverse of their order [T5]', () => {
    const two = chainOf([rename('/a', '/b'), wrap('/b', '/c', 'id')], { c: { type: 'object', properties: { id: { type: 'string' } } } })
    expect(translate(two, 'thing', '2025-01-01', 'up', { a: 'x' })).toEqual({ c: { id: 'x' } })
    expect(translate(two, 'thing', '2025-01-01', 'down', { c: { id: 'x' } })).toEqual({ a: 'x' })
    expect(two.chain.snapshots.get('2025-01-01')?.shapes.get('thing')?.['properties']).toEqual({ a: { type: 'string' } })
  })

  it('renders what webhooks send, and keeps the bytes of what no change touches [T23]', () => {
    expect(JSON.parse(render(versions, 'transfer', aTransfer, v2))).toMatchObject({ from: 'wal_1', status: 'done' })
    expect(render(versions, 'transfer', '{ "external_no":9007199254740993, "status":"posted" }', v2)).toBe(
      '{ "external_no":9007199254740993, "status":"done" }',
    )
    expect(render(versions, 'transfer', { external_no: 9_007_199_254_740_993n }, v3)).toBe('{"external_no":9007199254740993}')
    for (const wrong of [() => render(versions, 'transfer', {}, '2024-01-01'), () => render(versions, 'nothing', {}, v1)])
      expect(wrong).toThrow('render: expected')
  })

  it('brings every generated sample of every shape there and back', () => {
    const shapes = [...(versions.chain.snapshots.get(v3)?.shapes.keys() ?? [])]
    for (const shape of shapes)
      for (const version of [v1, v2]) expect(tryVersion(versions, version, shape, runs, seeded(7))).toBeUndefined()
    for (const stage of versions.chain.stages) expect(tryChange(versions, stage, runs, seeded(7))).toBeUndefined()
  })

  it('tells apart the shapes of a union by what is fixed in them', () => {
    const method: Schema = {
      oneOf: [
        { type: 'object', properties: { kind: { const: 'card' }, card: { $ref: '#/$defs/card' } }, required: ['kind'] },
        { type: 'object', properties: { kind: { const: 'bank' }, card: { type: 'string' } }, required: ['kind'] },
      ],
      $defs: { card: { type: 'object', properties: { digits: { type: 'string' } } } },
    }
    const union = defineVersions({
      versions: [{ id: '2025-01-01' }, { id: '2026-01-01' }],
      changes: [
        defineChange({ id: 'digits', in: '2026-01-01', summary: 'x', on: resource('card'), operations: [rename('/number', '/digits')] }),
      ],
      routes: { 'GET /methods': { responses: { 200: { type: 'array', items: method, $defs: method['$defs'] } } } },
    })
    const plan = union.plan('2025-01-01')?.routes.get('GET /methods')?.response(200, 'application/json')
    const text = '[{"kind":"card","card":{"digits":"1"}},{"kind":"bank","card":{"digits":"2"}}]'
    expect(plan && rewriteJson(text, plan, silent)).toBe('[{"kind":"card","card":{"number":"1"}},{"kind":"bank","card":{"digits":"2"}}]')
  })
})

const recursive = {
  $defs: {
    node: {
      type: 'object',
      properties: {
        label: { type: 'string' },
        children: { type: 'array', items: { $ref: '#/$defs/node' } },
        twin: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] },
      },
      required: ['label', 'children'],
    },
  },
}

/** Two versions of one shape, with operations between them. */
function chainOf(
  operations: readonly Operation[],
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
): Versions {
  return defineVersions({
    versions: [{ id: '2025-01-01' }, { id: '2026-01-01' }],
    changes: [defineChange({ id: 'it', in: '2026-01-01', summary: 'x', on: resource('thing'), operations })],
    routes: {
      'GET /things': {
        responses: {
          200: {
            $ref: '#/$defs/thing',
            $defs: { thing: { type: 'object', properties, ...(required.length > 0 && { required }) } },
          },
        },
      },
    },
  })
}

const string: Schema = { type: 'string' }

describe('an operation', () => {
  it.each<[string, readonly Operation[], Readonly<Record<string, Schema>>, unknown, unknown]>([
    ['renames', [rename('/a', '/b')], { b: string }, { a: 'x', z: 1 }, { b: 'x', z: 1 }],
    [
      'renames inside',
      [rename('/o/a', '/o/b')],
      { o: { type: 'object', properties: { b: string } } },
      { o: { a: 'x' } },
      { o: { b: 'x' } },
    ],
    [
      'moves',
      [move('/city', '/address/city')],
      { address: { type: 'object', properties: { city: string, zip: string } } },
      { city: 'x', address: { zip: '1' } },
      { address: { zip: '1', city: 'x' } },
    ],
    ['wraps', [wrap('/a', '/b', 'id')], { b: { type: 'object', properties: { id: string } } }, { a: 'x' }, { b: { id: 'x' } }],
    ['wraps nothing as nothing', [wrap('/a', '/b', 'id')], { b: { type: 'object', properties: { id: string } } }, { a: null }, { b: null }],
    ['wraps into a list', [wrap('/a', '/b', 0)], { b: { type: 'array', items: string } }, { a: 'x' }, { b: ['x'] }],
    ['unwraps', [unwrap('/a', '/b', 'id')], { b: string }, { a: { id: 'x' } }, { b: 'x' }],
    ['unwraps a list', [unwrap('/a', '/b', 0)], { b: string }, { a: ['x'] }, { b: 'x' }],
    [
      'splits',
      [
        split('/name', ['/given', '/family'], {
          up: ([name]) => String(name).split(' '),
          down: (parts) => [parts.join(' ')],
          before: [string],
        }),
      ],
      { given: string, family: string },
      { name: 'Ada Lovelace' },
      { given: 'Ada', family: 'Lovelace' },
    ],
    [
      'merges',
      [
        merge(['/given', '/family'], '/name', {
          up: (parts) => [parts.join(' ')],
          down: ([name]) => String(name).split(' '),
          before: [string, string],
        }),
      ],
      { name: string },
      { given: 'Ada', family: 'Lovelace' },
      { name: 'Ada Lovelace' },
    ],
    ['converts', [convert('/n', { up: Number, down: String, before: string })], { n: { type: 'integer' } }, { n: '7' }, { n: 7 }],
  ])('%s there and back', (_what, operations, properties, before, after) => {
    const chain = chainOf(operations, properties)
    expect(translate(chain, 'thing', '2025-01-01', 'up', before)).toEqual(after)
    expect(translate(chain, 'thing', '2025-01-01', 'down', after)).toEqual(before)
  })

  it('gives a default to who leaves it out, and hides and removes one way', () => {
    const one = chainOf(
      [defaultTo('/p', 'normal'), hide('/h'), remove('/gone', { value: (rest: { p: string }) => rest.p, schema: string })],
      { p: string, h: string },
      ['p'],
    )
    expect(translate(one, 'thing', '2025-01-01', 'up', { gone: 'x' })).toEqual({ p: 'normal' })
    expect(translate(one, 'thing', '2025-01-01', 'down', { p: 'high', h: 's' })).toEqual({ p: 'high', gone: 'high' })
    expect(one.chain.snapshots.get('2025-01-01')?.shapes.get('thing')).toEqual({
      type: 'object',
      properties: { p: { type: 'string', default: 'normal' }, gone: string },
      required: ['gone'],
    })
  })

  it('leaves the digits of numbers alone when it moves them', () => {
    const chain = chainOf([wrap('/a', '/b', 'id')], { b: { type: 'object', properties: { id: { type: 'integer' } } } })
    const plan = chain.plan('2025-01-01')?.up('thing')
    expect(plan && rewriteJson('{"a":9007199254740993, "x":1.0}', plan, silent)).toBe('{"b":{"id":9007199254740993}, "x":1.0}')
  })

  it('leaves every other member as it is, whatever the object', () => {
    const chain = chainOf([rename('/a', '/b'), wrap('/c', '/d', 'id')], { b: string, d: { type: 'object', properties: { id: string } } })
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 3 }), fc.jsonValue({ maxDepth: 2 })), (rest) => {
        const { a: _a, b: _b, c: _c, d: _d, ...others } = rest
        const plain = JSON.parse(JSON.stringify(others)) as object
        expect(translate(chain, 'thing', '2025-01-01', 'up', { ...plain, a: 'x', c: 'y' })).toEqual({ ...plain, b: 'x', d: { id: 'y' } })
      }),
    )
  })
})
