import { describe, expect, it } from 'vitest'
import { changes, declaration, declareVersions, v1, v3 } from '../../test/versioning/fixture.ts'
import { isHoldfastError } from '../core/index.ts'
import { defineChange } from './change.ts'
import { rename, wrap } from './operations/index.ts'
import type { Operation } from './operations/index.ts'
import { resource, routes } from './target.ts'
import { defineVersions } from './versions.ts'
import type { VersionsDeclaration } from './versions.ts'

describe('versions are refused', () => {
  const [first, ...others] = declaration.versions
  it.each<[string, Partial<VersionsDeclaration>, string]>([
    [
      'with a Sunset before its Deprecation [T17]',
      { versions: [{ id: v1, state: 'deprecated', deprecatedAt: '2026-06-01', sunsetAt: '2026-05-31' }, ...others] },
      'sunsetAt: expected a time not before deprecatedAt',
    ],
    [
      'with a Sunset and no Deprecation',
      { versions: [{ id: v1, sunsetAt: '2026-05-31' }, ...others] },
      'sunsetAt: expected a time not before deprecatedAt',
    ],
    [
      'deprecated since nobody knows when',
      { versions: [{ id: v1, state: 'deprecated' }, ...others] },
      'deprecatedAt: expected the time since when',
    ],
    ['with an id that is no date', { versions: [{ id: 'v1' }, ...others] }, 'expected an ISO date'],
    ['twice', { versions: [first as { id: string }, ...declaration.versions] }, 'is declared twice'],
    ['with none that answers', { versions: declaration.versions.map(({ id }) => ({ id, state: 'retired' as const })) }, 'all are retired'],
    [
      'with a brownout that ends before it begins',
      { versions: [{ id: v1, brownouts: [{ from: '2026-02-02', until: '2026-02-01' }] }, ...others] },
      'brownouts: expected from before until',
    ],
    ['with a place that is none', { places: ['cookie' as 'header'] }, 'places: expected some of header, path, accept, query'],
    ['with a fallback that is none', { fallback: 'newest' }, 'fallback: expected "oldest" or one of'],
    ['with an unknown option', { pin: true } as object, 'unknown option "pin"'],
    ['with a limit of nothing', { maxBodyBytes: 0 }, 'maxBodyBytes: expected a number above 0'],
    [
      'with a change of a version that is none',
      { changes: [{ ...(changes[0] as (typeof changes)[0]), in: '2024-01-01' }] },
      'in: expected one of',
    ],
    [
      'with a change in the oldest version',
      { changes: [{ ...(changes[0] as (typeof changes)[0]), in: v1 }] },
      'nothing is before 2025-01-15',
    ],
    ['with two changes of one id', { changes: [...changes, changes[0] as (typeof changes)[0]] }, 'is declared twice'],
    [
      'with a change of a shape that is none',
      { changes: [defineChange({ id: 'x', in: v3, summary: 'x', on: resource('nothing'), operations: [rename('/a', '/b')] })] },
      'there is no shape "nothing"',
    ],
    [
      'with a change of a route that is none',
      { changes: [defineChange({ id: 'x', in: v3, summary: 'x', on: routes('GET /nothing'), paths: { '/a': '/b' } })] },
      'there is no route "GET /nothing"',
    ],
    [
      'with a change that finds nothing to change',
      { changes: [defineChange({ id: 'x', in: v3, summary: 'x', on: resource('transfer'), operations: [rename('/a', '/b')] })] },
      'nothing it is on has what this is about: /a is /b',
    ],
  ])('%s', (_what, change, message) => {
    let refusal: unknown
    try {
      declareVersions(change)
    } catch (error) {
      refusal = error
    }
    expect(isHoldfastError(refusal) && refusal.message).toContain(message)
  })

  it('with a change that reaches into another shape', () => {
    const inside = { $ref: '#/$defs/inner' }
    const shapes = {
      thing: { type: 'object', properties: { o: inside } },
      inner: { type: 'object', properties: { b: { type: 'string' } } },
    }
    const reach = (operation: Operation) => () =>
      defineVersions({
        versions: [{ id: '2025-01-01' }, { id: '2026-01-01' }],
        changes: [defineChange({ id: 'it', in: '2026-01-01', summary: 'x', on: resource('thing'), operations: [operation] })],
        routes: { 'GET /things': { responses: { 200: { $ref: '#/$defs/thing', $defs: shapes } } } },
      })
    expect(reach(rename('/o/a', '/o/b'))).toThrow('it reaches into the shape "inner"; declare the change on that shape')
    expect(reach(wrap('/a', '/o', 'b'))).not.toThrow()
  })

  it.each<[string, object, string]>([
    ['of one direction only', { on: resource('a'), request: { up: String } }, 'expected both request.up and response.down'],
    [
      'without a schema beside its functions',
      { on: resource('a'), request: { up: String }, response: { down: String } },
      'expected schema.before beside functions',
    ],
    ['that changes nothing', { on: resource('a') }, 'it changes nothing'],
    ['of something else', { on: resource('a'), paths: {} }, 'paths does not apply to resource'],
    ['without a target', { operations: [] }, 'on: expected resource(...), routes(...) or refusals'],
    ['with a mistyped option', { on: resource('a'), operation: [] }, 'unknown option "operation"'],
    ['with an id that is none', { id: 'A b', on: resource('a'), operations: [] }, 'expected an id in kebab-case'],
  ])('with a change %s', (_what, change, message) => {
    expect(() => defineChange({ id: 'x', in: v3, summary: 'x', ...change } as never)).toThrow(message)
  })
})
