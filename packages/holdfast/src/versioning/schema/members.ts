import type { Path } from './path.ts'
import type { Resolve, Schema } from './schema.ts'

/** A member as a schema describes it. */
export interface MemberSchema {
  readonly schema: Schema
  readonly isRequired: boolean
}

type Properties = Readonly<Record<string, Schema>>

const propertiesOf = (schema: Schema): Properties => (schema['properties'] ?? {}) as Properties
const requiredOf = (schema: Schema): readonly string[] => (schema['required'] ?? []) as readonly string[]

/** What a schema says of the member at a path; `undefined` when it says nothing. */
export function findMember(schema: Schema, [name, ...rest]: Path, resolve: Resolve): MemberSchema | undefined {
  const object = resolve(schema)
  const member = Object.hasOwn(propertiesOf(object), name) ? propertiesOf(object)[name] : undefined
  if (member === undefined) return undefined
  return rest.length > 0
    ? findMember(member, rest as unknown as Path, resolve)
    : { schema: member, isRequired: requiredOf(object).includes(name) }
}

/** A schema with a member described anew. Members keep their order; a new one comes last, or after `after`. Objects on the way are made. */
export function withMember(schema: Schema, [name, ...rest]: Path, member: MemberSchema, resolve: Resolve, place?: string): Schema {
  const object = resolve(schema)
  const properties = propertiesOf(object)
  if (rest.length > 0) {
    const below = properties[name] ?? { type: 'object', properties: {}, additionalProperties: false }
    const isRequired = requiredOf(object).includes(name) || (properties[name] === undefined && member.isRequired)
    return withMember(object, [name], { schema: withMember(below, rest as unknown as Path, member, resolve), isRequired }, resolve)
  }
  const entries = Object.entries(properties)
  const at = entries.findIndex(([one]) => one === name)
  if (at >= 0) entries[at] = [name, member.schema]
  else {
    const before = place === undefined ? -1 : entries.findIndex(([one]) => one === place)
    entries.splice(before < 0 ? entries.length : before, 0, [name, member.schema])
  }
  return withRequired({ ...object, properties: Object.fromEntries(entries) }, name, member.isRequired)
}

/** A schema without the member at a path. */
export function withoutMember(schema: Schema, [name, ...rest]: Path, resolve: Resolve): Schema {
  const object = resolve(schema)
  const { [name]: member, ...others } = propertiesOf(object)
  if (member === undefined) return object
  if (rest.length > 0) {
    const below = withoutMember(member, rest as unknown as Path, resolve)
    return withMember(object, [name], { schema: below, isRequired: requiredOf(object).includes(name) }, resolve)
  }
  return withRequired({ ...object, properties: others }, name, false)
}

/** Renames a member where it stands. */
export function renameMember(schema: Schema, from: string, to: string, resolve: Resolve): Schema {
  const object = resolve(schema)
  const properties = Object.entries(propertiesOf(object)).map(([name, member]) => [name === from ? to : name, member])
  const required = requiredOf(object).map((name) => (name === from ? to : name))
  return { ...object, properties: Object.fromEntries(properties), ...(required.length > 0 && { required }) }
}

function withRequired(schema: Schema, name: string, isRequired: boolean): Schema {
  const others = requiredOf(schema).filter((one) => one !== name)
  const { required: _before, ...rest } = schema
  const required = isRequired ? (requiredOf(schema).includes(name) ? requiredOf(schema) : [...others, name]) : others
  return required.length > 0 ? { ...rest, required } : rest
}
