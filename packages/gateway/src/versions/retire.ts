import { decideRetirement } from 'holdfast/versioning'
import { CommandError, UsageError } from '../cli/io.ts'
import type { Io } from '../cli/io.ts'
import { assertVersion, loadVersions, parseCount } from './load.ts'
import { openStore } from './open-store.ts'
import { describe } from './report.ts'

/** What `holdfast versions retire` may be told. */
export interface RetireFlags {
  /** Needed unless `undo` is set. */
  readonly after?: string
  readonly store: string
  readonly idleDays?: string
  readonly exempt?: string
  readonly force?: boolean
  readonly undo?: boolean
}

/** `holdfast versions retire` */
export async function runRetire(module: string, version: string, flags: RetireFlags, io: Io): Promise<void> {
  const idleDays = parseCount('--idle-days', flags.idleDays, 30)
  const after = flags.undo === true ? 0 : parseAfter(flags.after)
  const versions = await loadVersions(module)
  assertVersion(versions, version)
  const store = await openStore(flags.store)
  try {
    if (flags.undo === true) {
      await store.versions.writeRetirement(version, undefined)
      io.stdout.write(`${version} stays.\n`)
      return
    }
    const rows = await store.versions.readUsage({ version })
    const exempt = flags.exempt?.split(',').filter((account) => account !== '') ?? []
    const retirements = await store.versions.readRetirements()
    const force = flags.force === true
    const verdict = decideRetirement(versions, { version, after, now: Date.now(), rows, retirements, idleDays, exempt, force })
    switch (verdict.kind) {
      case 'unknown':
        return assertVersion(versions, version)
      case 'only-one':
        throw new CommandError(`${version} is not retired: it is the only version that answers, or is to go on answering`)
      case 'in-use':
        for (const caller of verdict.callers) io.stdout.write(`${describe(versions, caller, idleDays)}\n`)
        throw new CommandError(
          `${version} is not retired: ${verdict.callers.length} ${verdict.callers.length === 1 ? 'account' : 'accounts'} called it in ${idleDays} days; wait, name them with --exempt, or use --force`,
        )
      case 'retire': {
        const { retirement } = verdict
        await store.versions.writeRetirement(version, retirement)
        io.stdout.write(`${version} is refused from ${new Date(retirement.retireAt).toISOString()} on; callers are told so from now on.\n`)
        for (const { from, until } of retirement.brownouts)
          io.stdout.write(`  switched off from ${new Date(from).toISOString()} for ${(until - from) / 60_000} minutes\n`)
      }
    }
  } finally {
    await store.close()
  }
}

/** A day that the calendar does not have would be another one, and what is refused from then on is refused. */
function parseAfter(text: string | undefined): number {
  if (text === undefined) throw new UsageError('--after: expected from when on the version is refused, an ISO date or time; or --undo')
  const [, day] = /^(\d{4}-\d{2}-\d{2})/.exec(text) ?? []
  const after = day === undefined ? Number.NaN : Date.parse(text)
  const midnight = Date.parse(`${day}T00:00:00Z`)
  if (Number.isNaN(after) || Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day)
    throw new UsageError(`--after: expected an ISO date or time, got ${JSON.stringify(text)}`)
  return after
}
