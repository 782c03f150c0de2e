import type { Random } from '../../core/index.ts'
import type { Resolve, Schema } from '../schema/schema.ts'
import { samplePattern } from './pattern.ts'

const characters = Array.from('abcXYZ019 -_é"\\')

/** Deeper than this only what must be there is generated, so that shapes that contain themselves end. */
const deepest = 4

/**
 * Makes a value that a schema accepts: examples where it has some, else a value of its own. The same chance gives the same value.
 */
export function sample(schema: Schema, resolve: Resolve, random: Random, depth = 0): unknown {
  const plain = resolve(schema)
  const { const: only, enum: values, examples, anyOf, oneOf, allOf, type } = plain
  if (only !== undefined) return only
  if (Array.isArray(values)) return pick(values, random)
  if (Array.isArray(examples) && examples.length > 0) return pick(examples, random)
  const choices = (anyOf ?? oneOf) as readonly Schema[] | undefined
  if (choices !== undefined) {
    const fit = depth > deepest ? choices.filter((choice) => choice['type'] === 'null') : choices
    return sample(pick(fit.length > 0 ? fit : choices, random) as Schema, resolve, random, depth + 1)
  }
  if (Array.isArray(allOf)) return Object.assign({}, ...(allOf as Schema[]).map((part) => sample(part, resolve, random, depth)))
  const kind = Array.isArray(type) ? pick(type, random) : (type ?? (plain['properties'] !== undefined ? 'object' : undefined))
  switch (kind) {
    case 'object':
      return sampleObject(plain, resolve, random, depth)
    case 'array':
      return sampleArray(plain, resolve, random, depth)
    case 'string':
      return sampleString(plain, random)
    case 'integer':
    case 'number':
      return sampleNumber(plain, random, kind === 'integer')
    case 'boolean':
      return random() < 0.5
    case 'null':
      return null
    default:
      return pick(['anything', 7, true], random)
  }
}

function sampleObject({ properties = {}, required = [] }: Schema, resolve: Resolve, random: Random, depth: number): unknown {
  const made: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(properties as Readonly<Record<string, Schema>>)) {
    const isRequired = (required as readonly string[]).includes(name)
    if (isRequired || (depth <= deepest && random() < 0.6)) made[name] = sample(member, resolve, random, depth + 1)
  }
  return made
}

function sampleArray({ items = {}, minItems = 0, maxItems }: Schema, resolve: Resolve, random: Random, depth: number): unknown {
  const least = Number(minItems)
  const most = depth > deepest ? least : Math.max(least, Math.min(Number(maxItems ?? least + 3), least + 3))
  const length = least + Math.floor(random() * (most - least + 1))
  return Array.from({ length }, () => sample(items as Schema, resolve, random, depth + 1))
}

function sampleString({ pattern, format, minLength = 0, maxLength }: Schema, random: Random): string {
  if (typeof pattern === 'string') return samplePattern(pattern, random)
  if (format === 'date') return `20${10 + Math.floor(random() * 80)}-0${1 + Math.floor(random() * 9)}-1${Math.floor(random() * 9)}`
  if (format === 'date-time') return new Date(Math.floor(random() * 2e12)).toISOString()
  if (format === 'uri') return 'https://api.example/'
  if (format === 'email') return 'ann@api.example'
  if (format === 'uuid') return '01234567-89ab-4def-8123-456789abcdef'
  const least = Number(minLength)
  const length = Math.min(least + Math.floor(random() * 8), Number(maxLength ?? Number.POSITIVE_INFINITY))
  return Array.from({ length }, () => pick(characters, random)).join('')
}

function sampleNumber(schema: Schema, random: Random, isInteger: boolean): number {
  const least = Number(schema['minimum'] ?? Number(schema['exclusiveMinimum'] ?? -1_000) + (isInteger ? 1 : 0.5))
  const most = Number(schema['maximum'] ?? Math.max(least, Number(schema['exclusiveMaximum'] ?? 1_000_000) - (isInteger ? 1 : 0.5)))
  // The ends are where conversions go wrong.
  const value = random() < 0.2 ? pick([least, most], random) : least + random() * (most - least)
  return isInteger ? Math.round(value) : value
}

export function pick<T>(items: readonly T[], random: Random): T {
  return items[Math.floor(random() * items.length)] as T
}
