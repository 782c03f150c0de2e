import { reportUsage } from 'holdfast/versioning'
import type { AccountUsage, Versions } from 'holdfast/versioning'
import type { Io } from '../cli/io.ts'
import { assertVersion, loadVersions, parseCount } from './load.ts'
import { openStore } from './open-store.ts'

/** What `holdfast versions report` may be told. */
export interface ReportFlags {
  readonly store: string
  readonly version?: string
  readonly days?: string
  readonly json?: boolean
}

const dayMs = 86_400_000

/** `holdfast versions report` */
export async function runReport(module: string, flags: ReportFlags, io: Io): Promise<void> {
  const days = parseCount('--days', flags.days, 90)
  const versions = await loadVersions(module)
  if (flags.version !== undefined) assertVersion(versions, flags.version)
  const store = await openStore(flags.store)
  try {
    const since = Date.now() - days * dayMs
    const rows = await store.versions.readUsage({ since, ...(flags.version !== undefined && { version: flags.version }) })
    const usage = reportUsage(versions, rows)
    if (flags.json === true) io.stdout.write(`${JSON.stringify(usage, undefined, 2)}\n`)
    else
      io.stdout.write(
        usage.length === 0 ? `Nobody called in ${days} days.\n` : usage.map((one) => describe(versions, one, days)).join('\n'),
      )
  } finally {
    await store.close()
  }
}

/** One account under one version, in a few lines. */
export function describe(
  versions: Versions,
  { account, version, calls, lastAt, routes, fired, safeUpgrade }: AccountUsage,
  days: number,
): string {
  const changes = Object.entries(fired).map(([id, count]) => `${id} (${count})`)
  const outlook =
    version === versions.newest
      ? 'on the newest version'
      : safeUpgrade === undefined
        ? 'would notice the next version'
        : `safe to upgrade to ${safeUpgrade}: no change up to it altered a call in ${days} days`
  return [
    `${account} on ${version}: ${calls} ${calls === 1 ? 'call' : 'calls'}, the last at ${new Date(lastAt).toISOString()}`,
    `  ${outlook}`,
    `  changes that altered calls: ${changes.join(', ') || 'none'}`,
    `  routes: ${routes.join(', ')}`,
    '',
  ].join('\n')
}
