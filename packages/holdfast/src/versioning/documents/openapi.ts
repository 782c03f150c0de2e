import { configurationError } from '../../core/index.ts'
import { pathsOf } from '../aliases.ts'
import type { Content, RouteModel, Snapshot } from '../model.ts'
import type { Schema } from '../schema/schema.ts'
import type { Versions } from '../versions.ts'

/** What a document says besides the versions. */
export interface DocumentInfo {
  readonly title: string
  readonly description?: string
  /** Where the API is reached. @default none */
  readonly servers?: readonly { readonly url: string; readonly description?: string }[]
}

/** An OpenAPI 3.1 document. */
export type OpenApiDocument = Readonly<Record<string, unknown>> & {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

/**
 * The OpenAPI 3.1 document of one version, derived from the schemas of the newest version and the changes between them. The same
 * input gives the same document, to the byte.
 *
 * @throws HoldfastError `configuration-invalid` for a version that is not declared
 * @example
 * const document = openApi(versions, '2025-01-15', { title: 'Ledger' })
 */
export function openApi(versions: Versions, version: string, info: DocumentInfo): OpenApiDocument {
  const snapshot = versions.chain.snapshots.get(version)
  if (snapshot === undefined)
    throw configurationError(`openApi: expected one of ${versions.list.map(({ id }) => id).join(', ')}, got ${JSON.stringify(version)}`)
  const paths: Record<string, Record<string, Record<string, unknown>>> = {}
  for (const model of snapshot.routes.values()) {
    const known = pathsOf(versions, model.route).find((path) => path.versions === undefined || path.versions.has(version))
    const [method = '', path = ''] = (known?.path ?? model.route).split(' ')
    const template = path.replace(/:([A-Za-z0-9_]+)/g, '{$1}')
    paths[template] = { ...paths[template], [method.toLowerCase()]: operation(versions, snapshot, model, path) }
  }
  const schemas = Object.fromEntries([...snapshot.shapes].map(([name, schema]) => [name, toComponents(schema)]))
  return {
    openapi: '3.1.0',
    info: { title: info.title, version, ...(info.description !== undefined && { description: info.description }) },
    ...(info.servers !== undefined && { servers: info.servers }),
    paths,
    components: { schemas: { ...schemas, [refusalName(snapshot)]: toComponents(snapshot.refusal.schema) } },
  }
}

const refusalName = ({ shapes }: Snapshot): string => (shapes.has('refusal') ? 'holdfast-refusal' : 'refusal')

function operation(versions: Versions, snapshot: Snapshot, model: RouteModel, path: string): Record<string, unknown> {
  const parameters = [
    ...[...path.matchAll(/:([A-Za-z0-9_]+)/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...parametersOf(model.query, 'query'),
    ...parametersOf(model.headers, 'header'),
    ...(versions.places.includes('header')
      ? [{ name: versions.headerName, in: 'header', required: false, schema: { type: 'string', const: snapshot.version } }]
      : []),
  ]
  const refusal = {
    description: 'A refusal',
    content: { [snapshot.refusal.contentType]: { schema: { $ref: `#/components/schemas/${refusalName(snapshot)}` } } },
  }
  const responses = [...model.responses].map(([status, content]) => [
    status,
    { description: describe(status), content: contentOf(content) },
  ])
  return {
    operationId: model.route.replace(/[^A-Za-z0-9]+/g, '-').toLowerCase(),
    ...(model.summary !== undefined && { summary: model.summary }),
    parameters,
    ...(model.request.size > 0 && { requestBody: { required: true, content: contentOf(model.request) } }),
    responses: { ...Object.fromEntries(responses), default: refusal },
  }
}

function parametersOf(schema: Schema | undefined, place: 'query' | 'header'): object[] {
  const properties = (schema?.['properties'] ?? {}) as Readonly<Record<string, Schema>>
  const required = (schema?.['required'] ?? []) as readonly string[]
  return Object.entries(properties).map(([name, member]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: toComponents(member),
  }))
}

const contentOf = (content: Content): object =>
  Object.fromEntries([...content].map(([type, schema]) => [type, { schema: toComponents(schema) }]))

/** OpenAPI keeps definitions under components. */
function toComponents(schema: Schema): Schema {
  const convert = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(convert)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [
        name,
        name === '$ref' && typeof member === 'string' ? member.replace('#/$defs/', '#/components/schemas/') : convert(member),
      ]),
    )
  }
  return convert(schema) as Schema
}

function describe(status: string): string {
  return status.startsWith('2') ? 'Success' : status === 'default' ? 'Everything else' : 'A refusal'
}
