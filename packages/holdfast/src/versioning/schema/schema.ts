import { configurationError } from '../../core/index.ts'

/** A JSON Schema (2020-12). `true` is written `{}`. */
export type Schema = Readonly<Record<string, unknown>>

/** Anything that can describe itself as JSON Schema: zod 4, and every library of https://standardschema.dev that implements its JSON Schema part. */
export interface SelfDescribing {
  readonly '~standard': {
    readonly jsonSchema?: {
      readonly input: (options: { readonly target: 'draft-2020-12' }) => Schema
      readonly output: (options: { readonly target: 'draft-2020-12' }) => Schema
    }
  }
}

/** What a schema may be given as: a JSON Schema, or something that describes itself as one. */
export type SchemaSource = Schema | SelfDescribing

/** Finds what a `$ref` leads to. A schema that is no reference comes back as it is. */
export type Resolve = (schema: Schema) => Schema

const prefix = '#/$defs/'

/** The name in a reference to a shape; `undefined` for a schema that is none. */
export function shapeNameOf(schema: Schema): string | undefined {
  const { $ref } = schema
  if (typeof $ref !== 'string') return undefined
  if ($ref.startsWith(prefix)) return decodePointerToken($ref.slice(prefix.length))
  const components = '#/components/schemas/'
  if ($ref.startsWith(components)) return decodePointerToken($ref.slice(components.length))
  throw configurationError(`$ref: expected a reference to #/$defs/..., got ${JSON.stringify($ref)}`)
}

/** A reference to a shape. */
export const referTo = (name: string): Schema => ({ $ref: `${prefix}${name.replaceAll('~', '~0').replaceAll('/', '~1')}` })

/** Named shapes, as the schemas of all operations refer to them. */
export type Shapes = ReadonlyMap<string, Schema>

/** Makes a `Resolve` over shapes. */
export function resolveIn(shapes: Shapes): Resolve {
  return function resolve(schema) {
    let found = schema
    for (let name = shapeNameOf(found); name !== undefined; name = shapeNameOf(found)) {
      const shape = shapes.get(name)
      if (shape === undefined) throw configurationError(`$ref: there is no shape ${JSON.stringify(name)}`)
      found = shape
    }
    return found
  }
}

/**
 * Reads a schema as JSON Schema, and adds what it names to the shapes.
 *
 * @param side which side of a schema that changes what it validates: what goes in, or what comes out
 * @throws HoldfastError `configuration-invalid` for two different shapes of one name
 */
export function readSchema(source: SchemaSource, side: 'input' | 'output', shapes: Map<string, Schema>): Schema {
  const {
    $defs = {},
    $schema: _dialect,
    ...root
  } = normalise(toJsonSchema(source, side)) as Schema & { $defs?: Readonly<Record<string, Schema>> }
  for (const [name, shape] of Object.entries($defs)) {
    const { id: _id, $id: _uri, ...plain } = shape as Schema & { id?: unknown; $id?: unknown }
    const known = shapes.get(name)
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(plain))
      throw configurationError(`shape ${JSON.stringify(name)}: two schemas of this name differ; give one of them another name`)
    shapes.set(name, plain)
  }
  return root
}

function toJsonSchema(source: SchemaSource, side: 'input' | 'output'): Schema {
  if (!('~standard' in source)) return source
  const describe = (source as SelfDescribing)['~standard'].jsonSchema
  if (describe === undefined)
    throw configurationError(
      'schema: expected JSON Schema, or a schema that describes itself as JSON Schema; this library of schemas does not',
    )
  return describe[side]({ target: 'draft-2020-12' })
}

/** `true` as `{}`, all the way down, so that a schema is always an object; references to components as references to definitions. */
function normalise(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalise)
  if (typeof value !== 'object' || value === null) return value
  const copy: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) {
    if (name === '$ref' && typeof member === 'string') copy[name] = member.replace('#/components/schemas/', prefix)
    else copy[name] = ofSchemas.has(name) && member === true ? {} : name === 'properties' ? trueMembers(member) : normalise(member)
  }
  return copy
}

const ofSchemas = new Set(['items', 'additionalProperties', 'not', 'contains', 'propertyNames'])

function trueMembers(properties: unknown): unknown {
  return Object.fromEntries(Object.entries(properties as object).map(([name, schema]) => [name, schema === true ? {} : normalise(schema)]))
}

function decodePointerToken(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** Whether something is a schema, and no list of them. */
export const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The schemas of a list; none for anything else. */
export const schemasIn = (value: unknown): readonly Schema[] => (Array.isArray(value) ? (value as Schema[]) : [])
