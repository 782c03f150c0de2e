import type { Versions } from '../versions.ts'
import type { Difference } from './compare-documents.ts'

/** The beginning of the change that a difference lacks, as its author would write it. */
export function stubOf(versions: Versions, version: string, difference: Difference): string {
  const ids = versions.list.map(({ id }) => id)
  const next = ids[ids.indexOf(version) + 1] ?? 'a new version'
  const field = difference.fieldInShape.replaceAll('/*', '')
  const name =
    field
      .replaceAll('/', '-')
      .replaceAll(/[^A-Za-z0-9]+/g, '-')
      .replace(/^-/, '')
      .toLowerCase() || 'change'
  const target =
    difference.shape === undefined
      ? `routes(${quote(difference.operation.replaceAll('{}', ':id'))})`
      : `resource(${quote(difference.shape)})`
  return [
    'defineChange({',
    `  id: ${quote(`${difference.shape ?? 'call'}-${name}`)},`,
    `  in: ${quote(next)},`,
    `  summary: ${quote(`TODO: ${difference.message}`)},`,
    `  on: ${target},`,
    ...bodyOf(difference, field).map((line) => `  ${line}`),
    '})',
  ].join('\n')
}

function bodyOf({ rule, before }: Difference, field: string): readonly string[] {
  const schema = JSON.stringify(before ?? {})
  switch (rule) {
    case 'response-property-removed':
    case 'request-property-removed':
      return [
        '// It has another name now: ',
        `// operations: [rename(${quote(field)}, '/TODO')],`,
        '// It is gone:',
        `operations: [remove(${quote(field)}, { value: 'TODO', schema: ${schema} })],`,
      ]
    case 'request-property-became-required':
    case 'request-required-property-added':
      return [`operations: [defaultTo(${quote(field)}, 'TODO')],`]
    case 'request-enum-value-removed':
    case 'response-enum-value-added':
      return [`operations: [convert(${quote(field)}, enumMap({ TODO: 'TODO' }))],`]
    case 'required-parameter-added':
    case 'parameter-became-required':
    case 'parameter-removed':
      return ["query: { rename: { TODO: 'TODO' } },"]
    case 'operation-removed':
      return ["paths: { '/TODO': '/TODO' },"]
    default:
      return [`operations: [convert(${quote(field)}, { up: (before) => before, down: (after) => after, before: ${schema} })],`]
  }
}

const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
