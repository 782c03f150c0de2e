import { configurationError } from '../core/index.ts'
import { readSchema } from './schema/schema.ts'
import type { Schema, SchemaSource } from './schema/schema.ts'

/** One body: a schema, which means `application/json`, or schemas by media type. */
export type BodyDeclaration = SchemaSource | Readonly<Record<`${string}/${string}`, SchemaSource>>

/** What a route takes and gives, in the newest version. */
export interface RouteShapes {
  readonly summary?: string
  readonly request?: BodyDeclaration
  /** By status; `2XX` and `default` stand for those that are not named. */
  readonly responses?: Readonly<Record<number | '2XX' | 'default', BodyDeclaration>> | Readonly<Record<string, BodyDeclaration>>
  /** An object with a member for each parameter. */
  readonly query?: SchemaSource
  /** Header fields that documents shall name. */
  readonly headers?: SchemaSource
}

/** Schemas by media type. */
export type Content = ReadonlyMap<string, Schema>

/** A route as one version has it. */
export interface RouteModel {
  readonly route: string
  readonly summary: string | undefined
  readonly request: Content
  readonly responses: ReadonlyMap<string, Content>
  readonly query: Schema | undefined
  readonly headers: Schema | undefined
}

/** Everything that one version promises. */
export interface Snapshot {
  readonly version: string
  readonly shapes: ReadonlyMap<string, Schema>
  readonly routes: ReadonlyMap<string, RouteModel>
  /** What refusals look like. */
  readonly refusal: { readonly schema: Schema; readonly contentType: string }
}

/** RFC 9457, with the members that Holdfast adds. */
const problemSchema: Schema = {
  type: 'object',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string' },
    retryable: { type: 'boolean' },
    retryAfterMs: { type: 'integer' },
  },
  required: ['type', 'title', 'status'],
}

/**
 * Reads what the newest version promises.
 *
 * @throws HoldfastError `configuration-invalid` for a schema that is none, or two that share a name
 */
export function readModel(version: string, routes: Readonly<Record<string, RouteShapes>>, further: readonly SchemaSource[]): Snapshot {
  const shapes = new Map<string, Schema>()
  for (const source of further) readSchema(source, 'output', shapes)
  const models = new Map<string, RouteModel>()
  for (const [route, declared] of Object.entries(routes)) {
    if (!/^[A-Z]+ \//.test(route)) throw configurationError(`routes: expected "METHOD /path", got ${JSON.stringify(route)}`)
    const responses = Object.entries((declared.responses ?? {}) as Readonly<Record<string, BodyDeclaration>>)
    models.set(route, {
      route,
      summary: declared.summary,
      request: declared.request === undefined ? new Map() : readContent(declared.request, 'input', shapes),
      responses: new Map(responses.map(([status, body]) => [status, readContent(body, 'output', shapes)])),
      query: declared.query && readSchema(declared.query, 'input', shapes),
      headers: declared.headers && readSchema(declared.headers, 'input', shapes),
    })
  }
  return { version, shapes, routes: models, refusal: { schema: problemSchema, contentType: 'application/problem+json' } }
}

function readContent(body: BodyDeclaration, side: 'input' | 'output', shapes: Map<string, Schema>): Content {
  const names = Object.keys(body)
  if (!('~standard' in body) && names.length > 0 && names.every((name) => name.includes('/')))
    return new Map(Object.entries(body as Record<string, SchemaSource>).map(([type, schema]) => [type, readSchema(schema, side, shapes)]))
  return new Map([['application/json', readSchema(body as SchemaSource, side, shapes)]])
}
