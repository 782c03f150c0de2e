import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { changes, declaration, declareVersions, transfer, v1, v2, v3 } from '../../../test/versioning/fixture.ts'
import { defineChange } from '../change.ts'
import { openApi } from '../documents/openapi.ts'
import type { OpenApiDocument } from '../documents/openapi.ts'
import { convert } from '../operations/index.ts'
import { resource } from '../target.ts'
import type { Versions, VersionsDeclaration } from '../versions.ts'
import { checkVersions } from './check.ts'

const info = { title: 'Ledger' }
const publish = (versions: Versions): ReadonlyMap<string, OpenApiDocument> =>
  new Map(versions.list.map(({ id }) => [id, JSON.parse(JSON.stringify(openApi(versions, id, info))) as OpenApiDocument]))
const published = publish(declareVersions())

/** What a check of the ledger says after its schemas were changed without a change. */
function after(edit: Partial<VersionsDeclaration>, before = published): readonly string[] {
  return checkVersions(declareVersions(edit), { published: before, info, runs: 10 }).map(({ level, message }) => `${level}: ${message}`)
}

/** The routes with other schemas of transfers. */
const withTransfer = (shape: z.ZodType): Partial<VersionsDeclaration> => ({
  routes: { ...declaration.routes, 'GET /transfers/:id': { responses: { 200: shape } } },
  changes: changes.filter(({ on }) => on.kind !== 'resource'),
})

describe('a check of versions', () => {
  it('finds nothing where nothing has changed', () => {
    expect(checkVersions(declareVersions(), { published, info })).toEqual([])
  })

  it('finds that the newest schema dropped a member, names where, and prints what is missing [T26]', () => {
    const { external_no: _gone, metadata: _too, ...rest } = transfer.shape
    const slim = z.object(rest).meta({ id: 'transfer' })
    const routes = Object.fromEntries(
      Object.entries(declaration.routes).filter(([route]) => ['GET /transfers/:id', 'GET /plain'].includes(route)),
    )
    const only = { ...routes, 'GET /transfers/:id': { responses: { 200: transfer } } }
    const before = publish(declareVersions({ routes: only, changes: [] }))
    const findings = checkVersions(
      declareVersions({ routes: { ...only, 'GET /transfers/:id': { responses: { 200: slim } } }, changes: [] }),
      { published: before, info },
    )
    const lost = findings.filter(({ difference }) => difference?.field === '/external_no')
    expect(lost.map(({ level, version }) => `${level} ${version}`)).toEqual([`error ${v1}`, `error ${v2}`, `error ${v3}`])
    expect(lost[0]?.message).toBe(
      `${v1}: GET /transfers/{}: response 200 application/json: /external_no was removed (response-property-removed)`,
    )
    expect(lost[0]?.stub).toContain("on: resource('transfer')")
    expect(lost[0]?.stub).toContain('operations: [remove(\'/external_no\', { value: \'TODO\', schema: {"type":"integer"')
    expect(lost[0]?.stub).toContain(`in: '${v2}'`)
  })

  it('takes an optional member more for what it is: additive, and there in all versions [T27]', () => {
    const wider = z.object({ ...transfer.shape, note: z.string().optional() }).meta({ id: 'transfer' })
    const only = { 'GET /transfers/:id': { responses: { 200: transfer } } }
    const before = publish(declareVersions({ routes: only, changes: [] }))
    const versions = declareVersions({ routes: { 'GET /transfers/:id': { responses: { 200: wider } } }, changes: [] })
    expect(checkVersions(versions, { published: before, info })).toEqual([])
    for (const version of [v1, v2, v3])
      expect(openApi(versions, version, info).components.schemas['transfer']?.['properties']).toHaveProperty('note')
  })

  it('tells breaking edits from those that may break [T28]', () => {
    const route = (query: z.ZodType, answer: z.ZodType, request: z.ZodType): Partial<VersionsDeclaration> => ({
      changes: [],
      routes: { 'POST /x': { query, request, responses: { 200: answer } } },
    })
    const kind = (...names: [string, ...string[]]) => z.object({ kind: z.enum(names) })
    const start = route(z.object({ limit: z.int().default(20) }), kind('a', 'b'), kind('a', 'b'))
    const before = publish(declareVersions(start))
    const levels = (edit: Partial<VersionsDeclaration>): string[] => [
      ...new Set(
        checkVersions(declareVersions(edit), { published: before, info }).map(({ level, difference }) => `${level} ${difference?.rule}`),
      ),
    ]
    const limit = z.object({ limit: z.int().default(20) })
    expect(levels(route(limit, kind('a', 'b'), kind('a')))).toEqual(['error request-enum-value-removed'])
    expect(levels(route(limit.extend({ region: z.string() }), kind('a', 'b'), kind('a', 'b')))).toEqual(['error required-parameter-added'])
    expect(levels(route(z.object({ limit: z.int().default(50) }), kind('a', 'b'), kind('a', 'b')))).toEqual([
      'error request-default-changed',
    ])
    expect(levels(route(limit, kind('a', 'b', 'c'), kind('a', 'b')))).toEqual(['warning response-enum-value-added'])
    expect(levels(route(limit, kind('a'), kind('a', 'b', 'c')))).toEqual([])
  })

  it('shows a sample that a change does not bring back as it was [T29]', () => {
    const wrong = defineChange({
      id: 'wrong-status',
      in: v3,
      summary: 'The way back is not the way there.',
      on: resource('transfer'),
      operations: [convert('/status', { up: () => 'posted', down: () => 'done', before: { enum: ['done', 'undone'] } })],
    })
    const found = after({ changes: [...changes.filter(({ id }) => !['status-names', 'status-filter'].includes(id)), wrong] }).filter(
      (line) => line.includes('wrong-status'),
    )
    expect(found[0]).toMatch(
      /^error: wrong-status: transfer: brought up and down again, \/status is another: \{.*"undone".*\} -> \{.*"done".*\}$/,
    )
  })

  it('shows a sample that a change makes invalid, and one that it throws at', () => {
    const bad = (id: string, down: (value: unknown) => unknown) =>
      defineChange({
        id,
        in: v3,
        summary: 'x',
        on: resource('transfer'),
        operations: [convert('/id', { up: String, down, before: { type: 'string' } })],
      })
    expect(after({ changes: [...changes, bad('number-id', () => 7)] }).join('\n')).toContain(
      'brought down, /id must be of type string in the version before',
    )
    const throwing = bad('throwing-id', () => {
      throw new Error('no such id')
    })
    expect(after({ changes: [...changes, throwing] }).join('\n')).toContain('throwing-id: transfer: it threw')
  })

  it('warns of two changes of one version about one member, of versions never published, and of changes nobody needs', () => {
    const twice = defineChange({
      id: 'twice',
      in: v3,
      summary: 'x',
      on: resource('transfer'),
      operations: [convert('/status', { up: (value) => value, down: (value) => value })],
    })
    expect(after({ changes: [...changes, twice] })).toContain(
      'warning: status-names and twice are both about /status of transfer: their order matters',
    )
    expect(after({}, new Map()).filter((line) => line.includes('no published document'))).toHaveLength(3)
    const retired = { versions: [{ id: v1, state: 'retired' as const }, { id: v2 }, { id: v3 }] }
    expect(after(retired).join('\n')).toContain('amount-object: every version before 2025-09-01 is retired; delete the change')
  })

  it('finds a whole route, a status and a media type that are gone', () => {
    const { 'GET /plain': _plain, ...routes } = declaration.routes
    const found = after({ routes: { ...routes, 'GET /export': { responses: { 200: transfer } }, 'GET /wallets/:id': {} } }).join('\n')
    expect(found).toContain('GET /plain: operation: the whole of it was removed (operation-removed)')
    expect(found).toContain('application/x-ndjson is answered no more')
    expect(found).toContain('GET /wallets/{}: response 200: the whole of it is answered no more (success-status-removed)')
    expect(withTransfer(transfer).routes).toBeDefined()
  })
})

describe('the document of a version', () => {
  it('is OpenAPI 3.1 with the paths and shapes of that version', () => {
    const document = openApi(declareVersions(), v1, info)
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Ledger', version: v1 } })
    expect(Object.keys(document.paths)).toEqual(['/payments', '/payments/{id}', '/wallets/{id}', '/export', '/plain'])
    expect(document.paths['/payments']?.['get']).toMatchObject({
      parameters: expect.arrayContaining([
        { name: 'status', in: 'query', required: false, schema: { type: 'string', enum: ['done', 'undone'] } },
      ]) as unknown,
      responses: {
        200: {
          content: {
            'application/json': {
              schema: { properties: { transfers: { type: 'array', items: { $ref: '#/components/schemas/transfer' } } } },
            },
          },
        },
        default: { content: { 'application/json': {} } },
      },
    })
    expect(Object.keys(document.components.schemas['transfer']?.['properties'] as object).sort()).toEqual([
      'amount',
      'currency',
      'external_no',
      'from',
      'id',
      'memo',
      'status',
      'to',
    ])
  })

  it('is the same each time', () => {
    for (const version of [v1, v2, v3])
      expect(JSON.stringify(openApi(declareVersions(), version, info))).toBe(JSON.stringify(openApi(declareVersions(), version, info)))
  })
})
