import { openApi } from '../documents/openapi.ts'
import type { DocumentInfo, OpenApiDocument } from '../documents/openapi.ts'
import { formatPath } from '../schema/path.ts'
import type { Versions } from '../versions.ts'
import { compareDocuments } from './compare-documents.ts'
import type { Difference } from './compare-documents.ts'
import type { Level } from './compare-schemas.ts'
import { tryChange, tryVersion } from './round-trip.ts'
import type { CounterExample } from './round-trip.ts'
import { seeded } from './seeded.ts'
import { stubOf } from './stub.ts'

/** What a check is given. */
export interface CheckOptions {
  /** The documents as they were published, by version. */
  readonly published: ReadonlyMap<string, OpenApiDocument>
  readonly info: DocumentInfo
  /** Samples for each change, and for each version of each shape. @default 100 */
  readonly runs?: number
  /** The same seed tries the same samples. @default 1 */
  readonly seed?: number
}

/** One thing that a check has found. */
export interface CheckFinding {
  readonly level: Level
  readonly kind: 'break' | 'counter-example' | 'overlap' | 'obsolete' | 'not-published'
  /** One line for people. */
  readonly message: string
  readonly version?: string
  readonly difference?: Difference
  readonly counterExample?: CounterExample
  /** What to write, where something is missing. */
  readonly stub?: string
}

/**
 * Checks that versions keep what was published: regenerates the document of every version from the newest schemas and the changes, and
 * compares it with the published one; tries every change with generated samples; finds changes that meet on one member, and those that no
 * version needs any more. An error means that some caller would break.
 */
export function checkVersions(versions: Versions, options: CheckOptions): readonly CheckFinding[] {
  return [...breaks(versions, options), ...counterExamples(versions, options), ...overlaps(versions), ...obsolete(versions)]
}

function breaks(versions: Versions, { published, info }: CheckOptions): CheckFinding[] {
  return versions.list
    .filter(({ state }) => state !== 'retired' && state !== 'preview')
    .flatMap(({ id }): CheckFinding[] => {
      const before = published.get(id)
      if (before === undefined)
        return [
          {
            level: 'warning',
            kind: 'not-published',
            version: id,
            message: `${id}: no published document to compare with; publish the one of today`,
          },
        ]
      return compareDocuments(before, openApi(versions, id, info)).map((difference) => ({
        level: difference.level,
        kind: 'break',
        version: id,
        difference,
        message: `${id}: ${difference.operation}: ${difference.place}: ${difference.field || 'the whole of it'} ${difference.message} (${difference.rule})`,
        stub: stubOf(versions, id, difference),
      }))
    })
}

function counterExamples(versions: Versions, { runs = 100, seed = 1 }: CheckOptions): CheckFinding[] {
  const { chain, newest } = versions
  const random = seeded(seed)
  const shapes = [...(chain.snapshots.get(newest)?.shapes.keys() ?? [])]
  const found = [
    ...chain.stages.map((stage) => tryChange(versions, stage, runs, random)),
    ...versions.list
      .filter(({ id, state }) => id !== newest && state !== 'retired')
      .flatMap(({ id }) => shapes.map((shape) => tryVersion(versions, id, shape, runs, random))),
  ]
  return found.flatMap((counterExample) =>
    counterExample === undefined
      ? []
      : [
          {
            level: 'error',
            kind: 'counter-example',
            counterExample,
            message: `${counterExample.subject}: ${counterExample.shape}: ${counterExample.problem}: ${text(counterExample.input)} -> ${text(counterExample.output)}`,
          },
        ],
  )
}

/** Two changes of one version that are about one member depend on their order, which a reader of either does not see. */
function overlaps({ chain }: Versions): CheckFinding[] {
  return [...chain.shapeSteps].flatMap(([shape, steps]) => {
    const seen = new Map<string, number>()
    return steps.flatMap(({ change, operation }): CheckFinding[] =>
      (operation?.pointers ?? []).flatMap(([, after]): CheckFinding[] => {
        const key = `${chain.versionOf[change]} ${formatPath(after)}`
        const before = seen.get(key)
        seen.set(key, change)
        if (before === undefined || before === change) return []
        const [one, other] = [chain.changes[before]?.id, chain.changes[change]?.id]
        return [
          {
            level: 'warning',
            kind: 'overlap',
            message: `${one} and ${other} are both about ${formatPath(after)} of ${shape}: their order matters`,
          },
        ]
      }),
    )
  })
}

/** What leads only to versions that are gone. */
function obsolete({ chain, list }: Versions): CheckFinding[] {
  const oldest = list.findIndex(({ state }) => state !== 'retired')
  return chain.changes.flatMap((change, index): CheckFinding[] =>
    (chain.versionOf[index] as number) <= oldest
      ? [
          {
            level: 'warning',
            kind: 'obsolete',
            message: `${change.id}: every version before ${change.in} is retired; delete the change, and the versions`,
          },
        ]
      : [],
  )
}

function text(value: unknown): string {
  const written = JSON.stringify(value, (_name, member: unknown) => (typeof member === 'bigint' ? String(member) : member)) ?? 'nothing'
  return written.length > 300 ? `${written.slice(0, 300)}...` : written
}
