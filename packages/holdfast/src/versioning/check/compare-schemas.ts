import type { Schema } from '../schema/schema.ts'
import { changedKeywords, pairsOfAll } from './compare-keywords.ts'
import { compareBounds, compareValues } from './compare-values.ts'

/** How bad a difference is: an error breaks callers, a warning may. */
export type Level = 'error' | 'warning'

/** One difference between two schemas of one place. */
export interface SchemaDifference {
  readonly level: Level
  /** The rule that found it, in kebab-case. */
  readonly rule: string
  /** Where, as a JSON Pointer; `*` stands for items. */
  readonly field: string
  readonly message: string
  /** The innermost shape that it is in, and where in it. */
  readonly shape: string | undefined
  readonly fieldInShape: string
  /** What stood there before. */
  readonly before: Schema | undefined
}

/** Which way a body goes: a request must go on being accepted, an answer must go on being understood. */
export type Direction = 'request' | 'response'

type Schemas = Readonly<Record<string, Schema>>

/** Where a comparison is. */
interface Place {
  readonly field: string
  readonly shape: string | undefined
  readonly fieldInShape: string
}

/** Compares what a body was with what it is. Shapes that contain themselves are compared once. */
export function compareSchemas(
  before: Schema,
  after: Schema,
  direction: Direction,
  schemas: { readonly before: Schemas; readonly after: Schemas },
): readonly SchemaDifference[] {
  const found: SchemaDifference[] = []
  const compared = new Set<string>()
  const isRequest = direction === 'request'

  function report(place: Place, level: Level, rule: string, message: string, was?: Schema): void {
    found.push({ ...place, level, rule, message, before: was })
  }

  function compare(oldSchema: Schema, newSchema: Schema, at: Place): void {
    const [older, oldName] = follow(oldSchema, schemas.before)
    const [newer, newName] = follow(newSchema, schemas.after)
    const place = oldName === undefined ? at : { field: at.field, shape: oldName, fieldInShape: '' }
    if (oldName !== undefined) {
      const pair = `${oldName} ${newName ?? ''}`
      if (compared.has(pair)) return
      compared.add(pair)
    }
    // One form against several: it is compared with its like, and not with what stands round them.
    if (isOnlyChoices(older) !== isOnlyChoices(newer)) return compareChoices(named(older, oldName), named(newer, newName), place)
    compareTypes(older, newer, place)
    compareValues(older, newer, direction, (level, rule, message) => report(place, level, rule, message, older))
    compareBounds(older, newer, direction, (level, rule, message) => report(place, level, rule, message, older))
    compareMembers(older, newer, place)
    if (isSchema(older['items']) && isSchema(newer['items'])) compare(older['items'], newer['items'], below(place, '*'))
    const [restWas, restIs] = [older['additionalProperties'], newer['additionalProperties']]
    if (isSchema(restWas) && isSchema(restIs)) compare(restWas, restIs, below(place, '*'))
    if (choicesOf(older).length > 0 && choicesOf(newer).length > 0) compareChoices(older, newer, place)
    for (const [was, is] of pairsOfAll(older, newer)) compare(was, is, place)
    for (const keyword of changedKeywords(older, newer))
      report(
        place,
        'warning',
        `${direction}-keyword-changed`,
        `${keyword} was changed; look what it forbids now, this check does not`,
        older,
      )
  }

  function compareTypes(older: Schema, newer: Schema, place: Place): void {
    const was = typesOf(older)
    const is = typesOf(newer)
    if (was.size === 0 || is.size === 0) return
    const [wide, narrow] = isRequest ? [is, was] : [was, is]
    const missing = [...narrow].filter((type) => !wide.has(type) && !(type === 'integer' && wide.has('number')))
    if (missing.length === 0) return
    const rule =
      missing.join() === 'null' ? `${direction}-${isRequest ? 'became-not-nullable' : 'became-nullable'}` : `${direction}-type-changed`
    report(place, 'error', rule, `was ${[...was].join(' or ')}, is ${[...is].join(' or ')}`, older)
  }

  function compareMembers(older: Schema, newer: Schema, place: Place): void {
    const was = (older['properties'] ?? {}) as Schemas
    const is = (newer['properties'] ?? {}) as Schemas
    const wasRequired = (older['required'] ?? []) as readonly string[]
    const isRequired = (newer['required'] ?? []) as readonly string[]
    for (const [name, member] of Object.entries(was)) {
      const now = is[name]
      const here = below(place, name)
      if (now === undefined) {
        // A closed schema refuses what callers go on sending.
        const level = isRequest && newer['additionalProperties'] !== false ? 'warning' : 'error'
        report(here, level, `${direction}-property-removed`, 'was removed', member)
        continue
      }
      const required = isRequired.includes(name)
      if (isRequest && required && !wasRequired.includes(name))
        report(here, 'error', 'request-property-became-required', 'became required', member)
      if (!isRequest && !required && wasRequired.includes(name))
        report(here, 'error', 'response-property-became-optional', 'became optional', member)
      compare(member, now, here)
    }
    if (isRequest)
      for (const name of isRequired)
        if (was[name] === undefined && is[name] !== undefined)
          report(below(place, name), 'error', 'request-required-property-added', 'is new, and required', undefined)
    if (isRequest && newer['additionalProperties'] === false && isOpen(older) && isObjectSchema(older))
      report(place, 'error', 'request-properties-closed', 'members that are not named were accepted, and are refused now', older)
  }

  function compareChoices(older: Schema, newer: Schema, place: Place): void {
    const [was, is] = [formsOf(older), formsOf(newer)]
    if (was.length === 0 || is.length === 0) return
    const pairs = was.map((choice) => [choice, is.find((other) => isSameChoice(choice, other))] as const)
    const gone = pairs.filter(([, match]) => match === undefined)
    const added = is.filter((choice) => !was.some((other) => isSameChoice(other, choice)))
    const isAmbiguous = newer['oneOf'] !== undefined && was.some((choice) => is.filter((other) => isSameChoice(choice, other)).length > 1)
    if (isRequest && was.length === 1 && isAmbiguous)
      report(place, 'error', 'request-choice-ambiguous', 'what fits several of its forms is accepted no more: oneOf asks for one', older)
    if (isRequest && gone.length > 0)
      report(place, 'error', 'request-choice-removed', `${gone.length} of its forms are accepted no more`, older)
    if (!isRequest && added.length > 0) report(place, 'error', 'response-choice-added', `${added.length} new forms may be answered`, older)
    for (const [choice, match] of pairs) if (match !== undefined) compare(choice, match, place)
  }

  compare(before, after, { field: '', shape: undefined, fieldInShape: '' })
  return found
}

/** What a schema is when references are followed, and the name of the last one. */
function follow(schema: Schema, schemas: Schemas): [Schema, string | undefined] {
  let found = unwrapNull(schema)
  let name: string | undefined
  for (let steps = 0; typeof found['$ref'] === 'string' && steps < 50; steps++) {
    name = (found['$ref'] as string).replace(/^.*\//, '')
    found = unwrapNull(schemas[name] ?? {})
  }
  return [isNullable(schema) ? { ...found, nullable: true } : found, name]
}

/** `anyOf` of one thing and null is that thing, which may be null. */
function unwrapNull(schema: Schema): Schema {
  const choices = (schema['anyOf'] ?? schema['oneOf']) as readonly Schema[] | undefined
  const real = choices?.filter((choice) => choice['type'] !== 'null')
  return real?.length === 1 && choices?.length === 2 ? (real[0] as Schema) : schema
}

function isNullable(schema: Schema): boolean {
  return unwrapNull(schema) !== schema
}

function typesOf(schema: Schema): ReadonlySet<string> {
  const { type, nullable, properties } = schema
  const types = Array.isArray(type) ? (type as string[]) : typeof type === 'string' ? [type] : properties !== undefined ? ['object'] : []
  return new Set(nullable === true && types.length > 0 ? [...types, 'null'] : types)
}

const choicesOf = (schema: Schema): readonly Schema[] =>
  ((schema['anyOf'] ?? schema['oneOf'] ?? []) as readonly Schema[]).filter((choice) => choice['type'] !== 'null')

/** What a schema is, with the name it was reached by. */
const named = (schema: Schema, name: string | undefined): Schema =>
  name === undefined || choicesOf(schema).length > 0 ? schema : { ...schema, $ref: `#/$defs/${name}` }

/** The forms a schema has: one, if it does not say otherwise and is not just anything. */
function formsOf(schema: Schema): readonly Schema[] {
  const choices = choicesOf(schema)
  return choices.length === 0 && typesOf(schema).size > 0 ? [schema] : choices
}

const isOnlyChoices = (schema: Schema): boolean => choicesOf(schema).length > 0 && typesOf(schema).size === 0

/** The same reference, the same fixed members, or the same plain type. */
function isSameChoice(a: Schema, b: Schema): boolean {
  if (a['$ref'] !== undefined || b['$ref'] !== undefined) return refNameOf(a) === refNameOf(b)
  const fixed = (schema: Schema): string =>
    JSON.stringify(
      Object.entries((schema['properties'] ?? {}) as Schemas).flatMap(([name, { const: only }]) =>
        only === undefined ? [] : [[name, only]],
      ),
    )
  return JSON.stringify(a['type']) === JSON.stringify(b['type']) && fixed(a) === fixed(b)
}

const refNameOf = ({ $ref }: Schema): string | undefined => (typeof $ref === 'string' ? $ref.replace(/^.*\//, '') : undefined)
const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value)
const isOpen = (schema: Schema): boolean => schema['additionalProperties'] !== false
const isObjectSchema = (schema: Schema): boolean => schema['type'] === 'object' || schema['properties'] !== undefined
const below = ({ field, shape, fieldInShape }: Place, name: string): Place => ({
  field: `${field}/${name}`,
  shape,
  fieldInShape: `${fieldInShape}/${name}`,
})
