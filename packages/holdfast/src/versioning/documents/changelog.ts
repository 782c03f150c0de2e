import type { Change } from '../change.ts'
import type { VersionState } from '../decide.ts'
import type { Versions } from '../versions.ts'

/** What a version changed, for its callers. */
export interface ChangelogVersion {
  readonly version: string
  readonly state: VersionState
  readonly deprecatedAt?: string
  readonly sunsetAt?: string
  readonly changes: readonly ChangelogEntry[]
}

/** One change, for callers. */
export interface ChangelogEntry {
  readonly id: string
  readonly summary: string
  /** What it is about: shapes, routes, or every refusal. */
  readonly on: readonly string[]
  /** The declared differences in words. */
  readonly details: readonly string[]
  /** Whether the API behaves differently, too. */
  readonly sideEffects: boolean
}

/** The changelog of an API, the newest version first, generated from what is declared. */
export function changelog(versions: Versions): readonly ChangelogVersion[] {
  return versions.list
    .map(({ id, state, deprecatedAt, sunsetAt }) => ({
      version: id,
      state,
      ...(deprecatedAt !== undefined && { deprecatedAt: new Date(deprecatedAt).toISOString() }),
      ...(sunsetAt !== undefined && { sunsetAt: new Date(sunsetAt).toISOString() }),
      changes: versions.chain.changes.filter((change) => change.in === id).map(toEntry),
    }))
    .toReversed()
}

function toEntry(change: Change): ChangelogEntry {
  const { id, summary, on, operations, query, paths, headers, status, sideEffects } = change
  return {
    id,
    summary,
    on: on.kind === 'refusals' ? ['every refusal'] : on.names,
    details: [
      ...operations.map(({ describe }) => describe),
      ...Object.entries(paths).map(([before, after]) => `${before} is ${after}`),
      ...Object.entries(query.rename ?? {}).map(([before, after]) => `?${before} is ?${after}`),
      ...Object.keys(query.values ?? {}).map((name) => `the values of ?${name} are others`),
      ...Object.entries(headers).map(([before, after]) => `the field ${before} is ${after}`),
      ...Object.entries(status).map(([after, before]) => `status ${before} is ${after}`),
    ],
    sideEffects,
  }
}

/** The changelog as Markdown. */
export function changelogText(versions: Versions): string {
  const parts = changelog(versions).map(({ version, state, deprecatedAt, sunsetAt, changes }) => {
    const life = [state, deprecatedAt && `deprecated ${deprecatedAt.slice(0, 10)}`, sunsetAt && `sunset ${sunsetAt.slice(0, 10)}`]
    const lines = changes.map(({ id, summary, details }) => `- **${id}**: ${summary}${details.map((detail) => `\n  - ${detail}`).join('')}`)
    return `## ${version} (${[...new Set(life.filter(Boolean))].join(', ')})\n\n${lines.join('\n') || 'The first version.'}\n`
  })
  return `# Changelog\n\n${parts.join('\n')}`
}
