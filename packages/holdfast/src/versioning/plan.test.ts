import { describe, expect, it } from 'vitest'
import { defineChange } from './change.ts'
import type { Change } from './change.ts'
import { rewriteJson } from './json/rewrite.ts'
import { convert, enumMap, envelope, rename } from './operations/index.ts'
import type { Schema } from './schema/schema.ts'
import { resource, routes } from './target.ts'
import { defineVersions } from './versions.ts'
import type { Versions } from './versions.ts'

const [before, after] = ['2025-01-01', '2026-01-01']
const label = defineChange({ id: 'label', in: after, summary: 'x', on: resource('pet'), operations: [rename('/name', '/label')] })
const pet: Schema = { type: 'object', properties: { label: { type: 'string' } } }
const toPet: Schema = { $ref: '#/$defs/pet' }

function declare(schema: Schema, $defs: Record<string, Schema>, type = 'application/json', changes: readonly Change[] = [label]): Versions {
  const answer = { ...schema, $defs }
  return defineVersions({
    versions: [{ id: before }, { id: after }],
    changes,
    routes: { 'GET /pets': { responses: { 200: { [type]: answer } } } },
  })
}

/** An answer as the version before has it. */
function down(schema: Schema, $defs: Record<string, Schema>, text: string): unknown {
  const plan = declare(schema, $defs).plan(before)?.routes.get('GET /pets')?.response(200, 'application/json')
  return plan === undefined ? 'nothing planned' : JSON.parse(rewriteJson(text, plan, { fired: () => {} }))
}

describe('a plan', () => {
  it('finds a shape that has another name too', () => {
    expect(down({ $ref: '#/$defs/animal' }, { animal: toPet, pet }, '{"label":"Rex"}')).toEqual({ name: 'Rex' })
  })

  it('finds a shape that is part of one inside it', () => {
    const $defs = {
      pet: { type: 'object', properties: { label: {}, friend: { $ref: '#/$defs/dog' } } },
      dog: { allOf: [toPet, { type: 'object', properties: { breed: {} } }] },
    }
    expect(down(toPet, $defs, '{"label":"Rex","friend":{"label":"Bo","breed":"pug","friend":{"label":"Al"}}}')).toEqual({
      name: 'Rex',
      friend: { name: 'Bo', breed: 'pug', friend: { name: 'Al' } },
    })
  })

  it('comes to an end for two shapes that contain themselves and are one', () => {
    const tree = (shape: string): Schema => ({
      type: 'object',
      properties: { label: {}, below: { type: 'array', items: { $ref: `#/$defs/${shape}` } } },
    })
    const $defs = { pet: tree('pet'), other: tree('other') }
    expect(
      down({ allOf: [toPet, { $ref: '#/$defs/other' }] }, $defs, '{"label":"a","below":[{"label":"b","below":[{"label":"c"}]}]}'),
    ).toEqual({
      name: 'a',
      below: [{ name: 'b', below: [{ name: 'c' }] }],
    })
  })

  it.each([
    ['a const inside a part', { properties: { kind: { const: 'dog' } } }],
    ['a member that must be there inside a part', { properties: { breed: {} }, required: ['breed'] }],
  ])('tells shapes of a union apart by %s', (_by, part) => {
    const $defs = { pet, dog: { allOf: [toPet, part] }, cat: { type: 'object', properties: { label: {}, kind: { const: 'cat' } } } }
    const union = { oneOf: [{ $ref: '#/$defs/cat' }, { $ref: '#/$defs/dog' }] }
    expect(down(union, $defs, '{"label":"Rex","kind":"dog","breed":"pug"}')).toEqual({ name: 'Rex', kind: 'dog', breed: 'pug' })
    expect(down(union, $defs, '{"label":"Tom","kind":"cat"}')).toEqual({ label: 'Tom', kind: 'cat' })
  })

  it('goes through a union inside a union', () => {
    const $defs = {
      pet: { ...pet, required: ['label'] },
      car: { type: 'object', properties: { wheels: {} }, required: ['wheels'] },
      thing: { oneOf: [toPet, { type: 'object', properties: { q: {} }, required: ['q'] }] },
    }
    expect(down({ oneOf: [{ $ref: '#/$defs/car' }, { $ref: '#/$defs/thing' }] }, $defs, '{"label":"Rex"}')).toEqual({ name: 'Rex' })
  })

  it('follows members that stand beside a union, whichever of it the object is', () => {
    const kinds = ['p', 'q'].map((kind) => ({ type: 'object', properties: { kind: { const: kind }, [`of_${kind}`]: toPet } }))
    const schema = { type: 'object', properties: { owned: toPet }, oneOf: kinds }
    expect(down(schema, { pet }, '{"kind":"q","owned":{"label":"a"},"of_q":{"label":"b"}}')).toEqual({
      kind: 'q',
      owned: { name: 'a' },
      of_q: { name: 'b' },
    })
    expect(down(schema, { pet }, '{"kind":"new","owned":{"label":"a"}}')).toEqual({ kind: 'new', owned: { name: 'a' } })
  })

  it('changes a shape that is a union, whichever of it the object is', () => {
    const kinds = ['p', 'q'].map((kind) => ({ type: 'object', properties: { kind: { const: kind } } }))
    expect(down(toPet, { pet: { ...pet, oneOf: kinds } }, '{"kind":"new","label":"a"}')).toEqual({ kind: 'new', name: 'a' })
  })

  it('knows a fixed value however it is escaped', () => {
    const $defs = {
      pet: { type: 'object', properties: { label: {}, kind: { const: 'a/b' } } },
      car: { type: 'object', properties: { kind: { const: 'c/d' } } },
    }
    expect(down({ oneOf: [{ $ref: '#/$defs/car' }, toPet] }, $defs, '{"kind":"a\\/b","label":"Rex"}')).toEqual({ kind: 'a/b', name: 'Rex' })
  })

  it('keeps a named member apart from all others', () => {
    const schema = { type: 'object', properties: { meta: { type: 'object', properties: { label: {} } } }, additionalProperties: toPet }
    expect(down(schema, { pet }, '{"meta":{"label":"x"},"rex":{"label":"y"}}')).toEqual({ meta: { label: 'x' }, rex: { name: 'y' } })
  })

  it.each([
    ['then', { if: {}, then: { properties: { inside: toPet } } }],
    ['dependentSchemas', { dependentSchemas: { a: { properties: { inside: toPet } } } }],
    ['patternProperties', { patternProperties: { '^x': toPet } }],
    ['prefixItems', { prefixItems: [{ type: 'string' }, toPet] }],
  ])('is refused where a change would apply inside %s', (keyword, schema) => {
    expect(() => declare(schema, { pet })).toThrow(`a change applies inside ${keyword}`)
    expect(() => declare(schema, { pet }, 'application/json', [])).not.toThrow()
  })

  it('changes the envelope of every media type that has one', () => {
    const change = defineChange({
      id: 'envelope',
      in: after,
      summary: 'x',
      on: routes('GET /pets'),
      operations: [envelope({ data: 'items' })],
    })
    const versions = declare({ type: 'object', properties: { data: {} } }, {}, 'application/hal+json', [change])
    const plan = versions.plan(before)?.routes.get('GET /pets')?.response(200, 'application/hal+json')
    expect(plan && rewriteJson('{"data":1}', plan, { fired: () => {} })).toBe('{"items":1}')
  })

  it('leaves a value that is nested very deeply as it is', () => {
    const change = defineChange({
      id: 'status',
      in: after,
      summary: 'x',
      on: resource('pet'),
      operations: [convert('/label', enumMap({ old: 'new' }))],
    })
    const plan = declare(toPet, { pet }, 'application/json', [change]).plan(before)?.up('pet')
    const text = `{"label":${'['.repeat(2_000)}${'1.0,'.repeat(1_000)}1${']'.repeat(2_000)}}`
    expect(plan && rewriteJson(text, plan, { fired: () => {} })).toBe(text)
  })
})
