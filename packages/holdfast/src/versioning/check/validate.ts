import { fromValue } from '../json/value.ts'
import { formatPath } from '../schema/path.ts'
import type { Resolve, Schema } from '../schema/schema.ts'

/** What is wrong with a value, by JSON Pointer. */
export interface Violation {
  readonly pointer: string
  readonly problem: string
}

type Path = readonly (string | number)[]

/**
 * Tries a value against a schema: the keywords that schemas of APIs use. Keywords it does not know are passed over, so it may accept too much and
 * never too little.
 */
export function validate(schema: Schema, value: unknown, resolve: Resolve, path: Path = []): readonly Violation[] {
  const plain = resolve(schema)
  const { const: only, enum: values, anyOf, oneOf, allOf } = plain
  const fail = (problem: string): readonly Violation[] => [{ pointer: formatPath(path), problem }]
  if (only !== undefined && !isSame(only, value)) return fail(`must be ${JSON.stringify(only)}`)
  if (Array.isArray(values) && !values.some((one) => isSame(one, value))) return fail(`must be one of ${JSON.stringify(values)}`)
  const choices = (anyOf ?? oneOf) as readonly Schema[] | undefined
  if (choices !== undefined && !choices.some((choice) => validate(choice, value, resolve, path).length === 0))
    return fail('fits none of its schemas')
  const inherited = ((allOf ?? []) as readonly Schema[]).flatMap((part) => validate(part, value, resolve, path))
  if (inherited.length > 0) return inherited
  const types = (Array.isArray(plain['type']) ? plain['type'] : plain['type'] === undefined ? [] : [plain['type']]) as readonly string[]
  if (types.length > 0 && !types.some((type) => isOfType(type, value))) return fail(`must be of type ${types.join(' or ')}`)
  if (typeof value === 'string') return validateString(plain, value, fail)
  if (typeof value === 'number' || typeof value === 'bigint') return validateNumber(plain, Number(value), fail)
  if (Array.isArray(value)) return validateArray(plain, value, resolve, path, fail)
  return typeof value === 'object' && value !== null ? validateObject(plain, value as Record<string, unknown>, resolve, path) : []
}

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'array':
      return Array.isArray(value)
    case 'null':
      return value === null
    case 'integer':
      return typeof value === 'bigint' || Number.isInteger(value)
    case 'number':
      return typeof value === 'bigint' || typeof value === 'number'
    default:
      return typeof value === type
  }
}

type Fail = (problem: string) => readonly Violation[]

function validateString({ pattern, minLength, maxLength }: Schema, value: string, fail: Fail): readonly Violation[] {
  const length = Array.from(value).length
  if (typeof minLength === 'number' && length < minLength) return fail(`must have at least ${minLength} characters`)
  if (typeof maxLength === 'number' && length > maxLength) return fail(`must have at most ${maxLength} characters`)
  return typeof pattern === 'string' && !new RegExp(pattern, 'u').test(value) ? fail(`must match ${pattern}`) : []
}

function validateNumber({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema, value: number, fail: Fail): readonly Violation[] {
  if (typeof minimum === 'number' && value < minimum) return fail(`must be at least ${minimum}`)
  if (typeof maximum === 'number' && value > maximum) return fail(`must be at most ${maximum}`)
  if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum) return fail(`must be above ${exclusiveMinimum}`)
  return typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum ? fail(`must be below ${exclusiveMaximum}`) : []
}

function validateArray(
  { items, minItems, maxItems }: Schema,
  value: readonly unknown[],
  resolve: Resolve,
  path: Path,
  fail: Fail,
): readonly Violation[] {
  if (typeof minItems === 'number' && value.length < minItems) return fail(`must have at least ${minItems} items`)
  if (typeof maxItems === 'number' && value.length > maxItems) return fail(`must have at most ${maxItems} items`)
  return items === undefined ? [] : value.flatMap((item, index) => validate(items as Schema, item, resolve, [...path, index]))
}

function validateObject(schema: Schema, value: Readonly<Record<string, unknown>>, resolve: Resolve, path: Path): readonly Violation[] {
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, Schema>>
  const others = schema['additionalProperties']
  const missing = ((schema['required'] ?? []) as readonly string[]).filter((name) => value[name] === undefined)
  const violations: Violation[] = missing.map((name) => ({ pointer: formatPath([...path, name]), problem: 'is missing' }))
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue
    const at = [...path, name]
    if (Object.hasOwn(properties, name)) violations.push(...validate(properties[name] as Schema, member, resolve, at))
    else if (others === false) violations.push({ pointer: formatPath(at), problem: 'is not known' })
    else if (typeof others === 'object' && others !== null) violations.push(...validate(others as Schema, member, resolve, at))
  }
  return violations
}

const isSame = (a: unknown, b: unknown): boolean => fromValue(a) === fromValue(b)
