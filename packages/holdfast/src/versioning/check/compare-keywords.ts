import type { Schema } from '../schema/schema.ts'

/**
 * Keywords that narrow what a value may be in ways that are not worked out here. A change of one is told, and left to who knows what it means; saying
 * nothing would pass for "nothing changed".
 */
const unjudged = [
  'allOf',
  'contains',
  'contentEncoding',
  'contentMediaType',
  'contentSchema',
  'dependentRequired',
  'dependentSchemas',
  'else',
  'if',
  'maxContains',
  'minContains',
  'not',
  'patternProperties',
  'prefixItems',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
]

/** The parts of `allOf` that stand across from each other, and can be compared as schemas. */
export function pairsOfAll(before: Schema, after: Schema): readonly (readonly [Schema, Schema])[] {
  const was = partsOf(before)
  const is = partsOf(after)
  return was.length === is.length ? was.map((schema, index) => [schema, is[index] as Schema]) : []
}

/** Names of keywords that differ, and whose meaning is not compared. */
export function changedKeywords(before: Schema, after: Schema): readonly string[] {
  const isPaired = pairsOfAll(before, after).length > 0
  return unjudged.filter(
    (keyword) => !(keyword === 'allOf' && isPaired) && JSON.stringify(before[keyword]) !== JSON.stringify(after[keyword]),
  )
}

function partsOf({ allOf }: Schema): readonly Schema[] {
  return Array.isArray(allOf) ? (allOf as readonly Schema[]) : []
}
