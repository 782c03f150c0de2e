import { decideRetirement } from 'holdfast/versioning'
import { CommandError, UsageError } from '../cli/io.ts'
import type { Io } from '../cli/io.ts'
import { loadVersions, parseCount } from './load.ts'
import { openStore } from './open-store.ts'
import { describe } from './report.ts'

/** What `holdfast versions retire` may be told. */
export interface RetireFlags {
  readonly after: string
  readonly store: string
  readonly idleDays?: string
  readonly exempt?: string
  readonly force?: boolean
  readonly undo?: boolean
}

/** `holdfast versions retire` */
export async function runRetire(module: string, version: string, flags: RetireFlags, io: Io): Promise<void> {
  const idleDays = parseCount('--idle-days', flags.idleDays, 30)
  const after = /^\d{4}-\d{2}-\d{2}/.test(flags.after) ? Date.parse(flags.after) : Number.NaN
  if (Number.isNaN(after)) throw new UsageError(`--after: expected an ISO date or time, got ${JSON.stringify(flags.after)}`)
  const versions = await loadVersions(module)
  const store = await openStore(flags.store)
  try {
    if (flags.undo === true) {
      await store.versions.writeRetirement(version, undefined)
      io.stdout.write(`${version} stays.\n`)
      return
    }
    const rows = await store.versions.readUsage({ version })
    const exempt = flags.exempt?.split(',').filter((account) => account !== '') ?? []
    const verdict = decideRetirement(versions, { version, after, now: Date.now(), rows, idleDays, exempt, force: flags.force === true })
    switch (verdict.kind) {
      case 'unknown':
        throw new UsageError(
          `there is no version ${JSON.stringify(version)}; expected one of ${versions.list.map(({ id }) => id).join(', ')}`,
        )
      case 'only-one':
        throw new CommandError(`${version} is the only version that answers`)
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
