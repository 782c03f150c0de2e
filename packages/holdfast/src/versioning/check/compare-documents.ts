import type { OpenApiDocument } from '../documents/openapi.ts'
import type { Schema } from '../schema/schema.ts'
import { compareSchemas } from './compare-schemas.ts'
import type { Direction, Level, SchemaDifference } from './compare-schemas.ts'

/** One difference between a document as it was published and as it would be now. */
export interface Difference extends SchemaDifference {
  /** `GET /transfers`. */
  readonly operation: string
  /** `request`, `response 200`, `query status`. */
  readonly place: string
}

type Json = Readonly<Record<string, unknown>>
type Operations = Readonly<Record<string, Json>>

/**
 * Compares two documents of one version: what callers rely on must not have changed. Additions are no differences, as long as
 * callers need not send them.
 */
export function compareDocuments(before: OpenApiDocument, after: OpenApiDocument): readonly Difference[] {
  const found: Difference[] = []
  const schemas = { before: before.components?.schemas ?? {}, after: after.components?.schemas ?? {} }
  const now = new Map(operationsOf(after))
  for (const [name, old] of operationsOf(before)) {
    const operation = now.get(name)
    const report = (place: string, level: Level, rule: string, message: string, field = ''): void =>
      void found.push({ operation: name, place, level, rule, message, field, shape: undefined, fieldInShape: field, before: undefined })
    if (operation === undefined) {
      report('operation', 'error', 'operation-removed', 'was removed')
      continue
    }
    const compare = (place: string, direction: Direction, was: Schema, is: Schema): void => {
      for (const difference of compareSchemas(was, is, direction, schemas)) found.push({ ...difference, operation: name, place })
    }
    compareParameters(old, operation, report, compare)
    compareRequests(old, operation, report, compare)
    compareResponses(old, operation, report, compare)
  }
  return found
}

type Report = (place: string, level: Level, rule: string, message: string, field?: string) => void
type Compare = (place: string, direction: Direction, was: Schema, is: Schema) => void

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly schema?: Schema
}

/** Names of path parameters mean nothing to callers, so paths are the same whatever these are. */
function* operationsOf({ paths }: OpenApiDocument): IterableIterator<[string, Json]> {
  for (const [path, methods] of Object.entries(paths as Readonly<Record<string, Operations>>))
    for (const [method, operation] of Object.entries(methods))
      yield [`${method.toUpperCase()} ${path.replace(/\{[^}]*\}/g, '{}')}`, operation]
}

function compareParameters(before: Json, after: Json, report: Report, compare: Compare): void {
  const was = parametersOf(before)
  const is = parametersOf(after)
  for (const [key, parameter] of was) {
    const now = is.get(key)
    if (now === undefined) {
      report(key, 'warning', 'parameter-removed', 'was removed: it is passed over, or refused', `/${parameter.name}`)
      continue
    }
    if (now.required === true && parameter.required !== true)
      report(key, 'error', 'parameter-became-required', 'became required', `/${parameter.name}`)
    compare(key, 'request', parameter.schema ?? {}, now.schema ?? {})
  }
  for (const [key, { required, name }] of is)
    if (required === true && !was.has(key)) report(key, 'error', 'required-parameter-added', 'is new, and required', `/${name}`)
}

function parametersOf({ parameters = [] }: Json): ReadonlyMap<string, Parameter> {
  const wanted = (parameters as readonly Parameter[]).filter(({ in: place }) => place !== 'path')
  return new Map(wanted.map((parameter) => [`${parameter.in} ${parameter.name}`, parameter]))
}

function compareRequests({ requestBody: before }: Json, { requestBody: after }: Json, report: Report, compare: Compare): void {
  const was = contentOf(before)
  const is = contentOf(after)
  if (before === undefined && (after as Json | undefined)?.['required'] === true)
    report('request', 'error', 'required-request-body-added', 'a body is new, and required')
  for (const [type, schema] of was) {
    const now = is.get(type)
    if (now === undefined) report('request', 'error', 'request-media-type-removed', `${type} is accepted no more`)
    else compare(`request ${type}`, 'request', schema, now)
  }
}

function compareResponses({ responses: before = {} }: Json, { responses: after = {} }: Json, report: Report, compare: Compare): void {
  for (const [status, response] of Object.entries(before as Readonly<Record<string, unknown>>)) {
    const now = (after as Readonly<Record<string, unknown>>)[status]
    if (now === undefined) {
      if (status.startsWith('2')) report(`response ${status}`, 'error', 'success-status-removed', 'is answered no more')
      continue
    }
    const is = contentOf(now)
    for (const [type, schema] of contentOf(response)) {
      const same = is.get(type)
      if (same === undefined) report(`response ${status}`, 'error', 'response-media-type-removed', `${type} is answered no more`)
      else compare(`response ${status} ${type}`, 'response', schema, same)
    }
  }
}

function contentOf(body: unknown): ReadonlyMap<string, Schema> {
  const { content = {} } = (body ?? {}) as { content?: Readonly<Record<string, { readonly schema?: Schema }>> }
  return new Map(Object.entries(content).map(([type, { schema }]) => [type, schema ?? {}]))
}
