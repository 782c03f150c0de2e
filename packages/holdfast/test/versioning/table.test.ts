import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compareDocuments } from '../../src/versioning/check/index.ts'
import type { OpenApiDocument, Schema } from '../../src/versioning/index.ts'

const page = new URL('../../../../docs/versioning-tests.md', import.meta.url)
const text = readFileSync(page, 'utf8')
const rows = [...text.matchAll(/^\| (\d+) \| (.+?) \| (.+?) \|$/gm)].map(([, number, behaviour, tests]) => ({
  number: Number(number),
  behaviour: behaviour as string,
  tests: (tests as string).split('<br>'),
}))

describe('the table of tests', () => {
  it('has a row for every number, in order', () => {
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 35 }, (_, index) => index + 1))
  })

  it.each(rows)('leads to tests that exist: $number $behaviour', ({ number, tests }) => {
    for (const test of tests) {
      const [, path = '', name] = /\]\((.+?)\)(?:: \u201c(.+)\u201d)?$/.exec(test) ?? []
      expect(existsSync(new URL(path, page))).toBe(true)
      expect(readFileSync(new URL(path, page), 'utf8')).toContain(name ?? `[T${number}]`)
    }
  })
})

const object = (properties: Readonly<Record<string, Schema>>, more: Schema = {}): Schema => ({ type: 'object', properties, ...more })
const string: Schema = { type: 'string' }

/** A document of one operation. */
function document({ request, answer, parameters = [], statuses = ['200'], type = 'application/json' }: Parts): OpenApiDocument {
  const responses = Object.fromEntries(statuses.map((status) => [status, { content: { [type]: { schema: answer ?? {} } } }]))
  const body = request && { requestBody: { content: { 'application/json': { schema: request } } } }
  return { paths: { '/x': { post: { parameters, responses, ...body } } }, components: { schemas: {} } } as unknown as OpenApiDocument
}

interface Parts {
  readonly request?: Schema
  readonly answer?: Schema
  readonly parameters?: readonly object[]
  readonly statuses?: readonly string[]
  readonly type?: string
}

const parameter = (schema: Schema, required = false) => ({ name: 'p', in: 'query', required, schema })
const asked = (before: Schema, after: Schema): [Parts, Parts] => [{ request: object({ a: before }) }, { request: object({ a: after }) }]
const told = (before: Schema, after: Schema): [Parts, Parts] => [{ answer: object({ a: before }) }, { answer: object({ a: after }) }]
const required = { required: ['a'] }

/** Each situation of the table, before and after. */
const situations: Readonly<Record<string, [Parts, Parts]>> = {
  'required parameter added': [{}, { parameters: [parameter(string, true)] }],
  'parameter removed': [{ parameters: [parameter(string)] }, {}],
  'default of a parameter changed': [
    { parameters: [parameter({ type: 'integer', default: 1 })] },
    { parameters: [parameter({ type: 'integer', default: 2 })] },
  ],
  'default of a parameter added': [{ parameters: [parameter(string)] }, { parameters: [parameter({ ...string, default: 'x' })] }],
  'request member required and new': [{ request: object({}) }, { request: object({ a: string }, required) }],
  'request member became required': [{ request: object({ a: string }) }, { request: object({ a: string }, required) }],
  'request member removed, members that are not named accepted': [{ request: object({ a: string }) }, { request: object({}) }],
  'request member removed, others refused': [
    { request: object({ a: string }, { additionalProperties: false }) },
    { request: object({}, { additionalProperties: false }) },
  ],
  'request enum value removed': asked({ enum: ['x', 'y'] }, { enum: ['x'] }),
  'request enum value added': asked({ enum: ['x'] }, { enum: ['x', 'y'] }),
  'request became an enum': asked(string, { ...string, enum: ['x'] }),
  'request maximum decreased': asked({ type: 'integer', maximum: 9 }, { type: 'integer', maximum: 8 }),
  'request maximum set': asked({ type: 'integer' }, { type: 'integer', maximum: 8 }),
  'request pattern added': asked(string, { ...string, pattern: 'x' }),
  'request pattern changed': asked({ ...string, pattern: 'y' }, { ...string, pattern: 'x' }),
  'request type changed': asked(string, { type: 'integer' }),
  'default of a request member changed': asked({ ...string, default: 'x' }, { ...string, default: 'y' }),
  'success status removed': [{ statuses: ['200', '201'] }, { statuses: ['200'] }],
  "answer's media type removed": [{ type: 'application/json' }, { type: 'text/plain' }],
  'required member of an answer removed': [{ answer: object({ a: string }, required) }, { answer: object({}) }],
  'optional member of an answer removed': [{ answer: object({ a: string }) }, { answer: object({}) }],
  'required member of an answer became optional': [{ answer: object({ a: string }, required) }, { answer: object({ a: string }) }],
  'member of an answer became nullable': told(string, { type: ['string', 'null'] }),
  "answer's enum value added": told({ enum: ['x'] }, { enum: ['x', 'y'] }),
  "answer's maximum increased": told({ type: 'integer', maximum: 8 }, { type: 'integer', maximum: 9 }),
  "answer's type changed": told(string, { type: 'integer' }),
  "answer's type became one of several": told(string, { oneOf: [string, { type: 'integer' }] }),
  'request, of several types, became one of them': asked({ oneOf: [string, { type: 'integer' }] }, string),
  'request became one of several forms that overlap': asked(object({ x: string, y: string }, { required: ['x', 'y'] }), {
    oneOf: [object({ x: string, y: string }, { required: ['x'] }), object({ x: string, y: string }, { required: ['y'] })],
  }),
  "request's allOf has one part more": asked({ allOf: [string] }, { allOf: [string, { minLength: 3 }] }),
  "type of an answer's further members changed": told(
    { type: 'object', additionalProperties: string },
    { type: 'object', additionalProperties: { type: 'integer' } },
  ),
  'optional member of an answer added': [{ answer: object({}) }, { answer: object({ a: string }) }],
}

describe('the rules of the check', () => {
  const levels = [...text.matchAll(/^\| ([^|]+?) \| (error|warning|nothing) \| (error|warning|info) \| ?(.*?) ?\|$/gm)].map(
    ([, situation, ours, theirs, why]) => ({
      situation: situation as string,
      ours: ours as string,
      theirs: theirs as string,
      why: why as string,
    }),
  )

  it('are compared with those of oasdiff, and every difference is explained', () => {
    expect(levels.map(({ situation }) => situation)).toEqual(['operation removed', ...Object.keys(situations)])
    for (const { ours, theirs, why } of levels) expect(why !== '').toBe(ours !== theirs && !(ours === 'nothing' && theirs === 'info'))
  })

  it('find nothing in an answer that leaves a form out, nor in a request that takes one more, also where forms have names', () => {
    const schemas = {
      A: { type: 'object', properties: { kind: { const: 'a' } } },
      B: { type: 'object', properties: { kind: { const: 'b' } } },
    }
    const [one, both] = [
      { $ref: '#/components/schemas/A' },
      { oneOf: [{ $ref: '#/components/schemas/A' }, { $ref: '#/components/schemas/B' }] },
    ]
    const compared = (before: Parts, after: Parts) =>
      compareDocuments({ ...document(before), components: { schemas } }, { ...document(after), components: { schemas } }).map(
        ({ rule }) => rule,
      )
    expect(compared(...asked(one, both))).toEqual([])
    expect(compared(...told(both, one))).toEqual([])
    expect(compared(...asked(both, one))).toEqual(['request-choice-removed'])
    expect(compared(...told(one, both))).toEqual(['response-choice-added'])
  })

  it.each(['contains', 'dependentRequired', 'if', 'not', 'patternProperties', 'prefixItems', 'propertyNames', 'unevaluatedProperties'])(
    'warn of a change of %s, whose meaning they do not work out',
    (keyword) => {
      expect(
        compareDocuments(...(asked({}, { [keyword]: { minLength: 3 } }).map(document) as [OpenApiDocument, OpenApiDocument])),
      ).toMatchObject([{ level: 'warning', rule: 'request-keyword-changed', field: '/a' }])
    },
  )

  it.each(levels)('say of "$situation": $ours', ({ situation, ours }) => {
    const [before, after] = situations[situation] ?? [{}, {}]
    const gone = situation === 'operation removed'
    const found = compareDocuments(
      document(before),
      gone ? ({ paths: {}, components: { schemas: {} } } as unknown as OpenApiDocument) : document(after),
    )
    expect(found.map(({ level }) => level)).toEqual(ours === 'nothing' ? [] : [ours])
  })
})
