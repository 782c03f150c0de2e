import { configurationError } from '../../core/index.ts'
import type { Schema } from '../schema/schema.ts'

/** How a value of one version reads in the other. Each direction must undo the other, and give the same for the same value. */
export interface Mapping {
  up(before: unknown): unknown
  down(after: unknown): unknown
  /** The schema of the value in the version before. @default the same */
  readonly before?: Schema | ((after: Schema) => Schema)
}

/**
 * Maps one set of names to another; a value that is in neither stays.
 *
 * @example
 * convert('/status', enumMap({ done: 'posted', undone: 'reversed' }))
 */
export function enumMap(names: Readonly<Record<string, string>>): Mapping {
  const up = new Map(Object.entries(names))
  const down = new Map(Object.entries(names).map(([before, after]) => [after, before]))
  if (down.size !== up.size)
    throw configurationError(
      `enumMap: expected one old name for each new one, got ${JSON.stringify(names)}; two old names for one cannot be told apart on the way back`,
    )
  const through = (map: ReadonlyMap<string, string>) => (value: unknown) => (typeof value === 'string' ? (map.get(value) ?? value) : value)
  return { up: through(up), down: through(down), before: (after) => renameValues(after, through(down)) }
}

/** The names of a sort parameter, each perhaps with a `-` before it, separated by commas. */
export function sortMap(names: Readonly<Record<string, string>>): Mapping {
  const { up, down } = enumMap(names)
  const each = (map: (value: unknown) => unknown) => (value: unknown) =>
    typeof value === 'string'
      ? value
          .split(',')
          .map((key) => (key.startsWith('-') ? `-${String(map(key.slice(1)))}` : String(map(key))))
          .join(',')
      : value
  return { up: each(up), down: each(down), before: (after) => renameValues(after, each(down)) }
}

/** The schema that a mapping gives the version before. */
export function schemaBefore({ before }: Mapping, after: Schema): Schema {
  return typeof before === 'function' ? before(after) : (before ?? after)
}

function renameValues(schema: Schema, rename: (value: unknown) => unknown): Schema {
  const { enum: names, const: only, default: preset, examples, anyOf } = schema
  return {
    ...schema,
    ...(Array.isArray(names) && { enum: names.map(rename) }),
    ...(only !== undefined && { const: rename(only) }),
    ...(preset !== undefined && { default: rename(preset) }),
    ...(Array.isArray(examples) && { examples: examples.map(rename) }),
    ...(Array.isArray(anyOf) && { anyOf: anyOf.map((one) => renameValues(one as Schema, rename)) }),
  }
}
