import type { ObjectEdit } from './json/object-edit.ts'
import { fromValue, toValue } from './json/value.ts'
import { isSchema, schemasIn } from './schema/schema.ts'
import type { Resolve, Schema } from './schema/schema.ts'

/**
 * Tells whether an object is what a schema describes: by members that may have one value only; where there are none, by the members that must
 * be there. `undefined` for a schema that no object has.
 */
export function matcherOf(schema: Schema, resolve: Resolve): ((object: ObjectEdit) => boolean) | undefined {
  const all = withParts(schema, resolve)
  const choices = all
    .flatMap(({ anyOf, oneOf }) => [...schemasIn(anyOf), ...schemasIn(oneOf)])
    .flatMap((choice) => matcherOf(resolve(choice), resolve) ?? [])
  const isOfObjects = all.some(({ type, properties }) => isSchema(properties) || [type].flat().includes('object'))
  if (!isOfObjects && choices.length === 0) return undefined
  const fixed = all
    .flatMap(({ properties }) => Object.entries(properties ?? {}))
    .flatMap(([name, member]) => fixedValue(name, resolve(member as Schema)))
  const required = all.flatMap((part) => (part['required'] ?? []) as readonly string[])
  return (object) =>
    (fixed.length > 0 ? fixed.every(([name, text]) => says(object.text(name), text)) : required.every((name) => object.has(name))) &&
    (choices.length === 0 || choices.some((matches) => matches(object)))
}

function withParts(schema: Schema, resolve: Resolve): Schema[] {
  return [schema, ...schemasIn(schema['allOf']).flatMap((part) => withParts(resolve(part), resolve))]
}

function fixedValue(name: string, { const: only, enum: values }: Schema): (readonly [name: string, text: string])[] {
  const value: unknown = only ?? (Array.isArray(values) && values.length === 1 ? values[0] : undefined)
  return value === undefined ? [] : [[name, fromValue(value)]]
}

/** Some clients escape what need not be: `"a\/b"`. */
const says = (found: string | undefined, text: string): boolean =>
  found === text || (found !== undefined && found.includes('\\') && fromValue(toValue(found)) === text)
