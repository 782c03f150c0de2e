import { configurationError } from '../../core/index.ts'
import { findMember, renameMember, withoutMember } from '../schema/members.ts'
import type { Operation } from './operation.ts'

/** A page whose members have other names. */
export interface Envelope extends Operation {
  readonly edit?: { readonly envelope: true }
}

/**
 * The envelope round a list: its members by name in this version, with their name in the version before, or `null` when that has none.
 *
 * @example
 * envelope({ data: 'transfers', next_cursor: 'next', prev_cursor: null })
 */
export function envelope(names: Readonly<Record<string, string | null>>): Envelope {
  const renamed = Object.entries(names).flatMap(([after, before]) => (before === null ? [] : [[before, after] as const]))
  const dropped = Object.entries(names).flatMap(([after, before]) => (before === null ? [after] : []))
  if (renamed.length === 0) throw configurationError('envelope: expected at least one member with its name in the version before, got none')
  return {
    describe: `${renamed.map(([before, after]) => `/${before} is /${after}`).join(', ')}${dropped.map((name) => `, /${name} does not exist`).join('')}`,
    pointers: renamed.map(([before, after]) => [[before], [after]]),
    lossy: dropped.map((name) => [name] as const),
    up(object) {
      for (const [before, after] of renamed) object.rename(before, after)
    },
    down(object) {
      for (const name of dropped) object.remove(name)
      for (const [before, after] of renamed) object.rename(after, before)
    },
    appliesTo: (schema, resolve) => renamed.some(([, after]) => findMember(schema, [after], resolve) !== undefined),
    before(schema, resolve) {
      let changed = schema
      for (const name of dropped) changed = withoutMember(changed, [name], resolve)
      for (const [before, after] of renamed) changed = renameMember(changed, after, before, resolve)
      return changed
    },
  }
}
