import { createAccountTable } from '../accounts/table.ts'
import type { AccountTable } from '../accounts/table.ts'
import { clientOf } from '../accounts/address.ts'
import { createInterner } from '../accounts/interner.ts'
import { createRouteTable } from '../accounts/route.ts'
import type { RouteTable } from '../accounts/route.ts'
import { detectFormat, openDetected } from '../formats/detect.ts'
import type { FieldMap, LineParser, LogFormat } from '../formats/format.ts'
import { createSpool } from '../spool/spool.ts'
import type { Spool, SpoolOptions } from '../spool/spool.ts'
import { createClockChecks } from './clock-checks.ts'
import { createDayCounter } from './stray-days.ts'
import { lineSplitter } from './lines.ts'
import { readSource } from './open.ts'
import type { Source } from './open.ts'
import type { Progress } from './progress.ts'

/** All that was read from the logs. */
export interface Traffic {
  /** Lines that are no comments and not empty. */
  readonly lines: number
  /** Lines that could not be read. `lines - skipped` requests are in the spool. */
  readonly skipped: number
  /** A line that could not be read, for the message. */
  readonly sample: string | undefined
  readonly formats: readonly string[]
  readonly accounts: AccountTable
  readonly routes: RouteTable
  readonly spool: Spool
  /** Requests without the field that was named as the account. */
  readonly unnamed: number
  /** Requests without the field that was named as the cost. */
  readonly uncounted: number
  /** Requests that were answered with 429. */
  readonly refused: number
  readonly warnings: readonly string[]
}

export interface IngestOptions {
  readonly sources: readonly Source[]
  /** `undefined`: told from the lines of each file. */
  readonly format: LogFormat | undefined
  readonly fields: FieldMap
  readonly plan: RegExp | undefined
  /** Whether addresses are kept beside accounts, for policies that count by them. */
  readonly keepAddresses?: boolean
  readonly maxAccounts?: number
  readonly progress: Progress
  readonly spoolOptions?: SpoolOptions
}

/** Lines looked at before a format is chosen. */
const detectionLines = 200

/** Reads all logs once, into numbers. Lines that cannot be read are counted, never fatal. */
export async function ingest(options: IngestOptions): Promise<Traffic> {
  const { sources, fields, plan, keepAddresses = false, maxAccounts = 250_000, progress } = options
  const accounts = createAccountTable({ isNamed: fields.account !== undefined, plan, maxAccounts })
  const clients = createInterner(maxAccounts)
  const routes = createRouteTable()
  const spool = createSpool(options.spoolOptions)
  const clock = createClockChecks()
  const days = createDayCounter()
  const formats = new Set<string>()
  const warnings: string[] = []
  let lines = 0
  let skipped = 0
  let refused = 0
  let unnamed = 0
  let uncounted = 0
  let sample: string | undefined
  const totalBytes = sources.reduce<number | undefined>(
    (sum, { size }) => (sum === undefined || size === undefined ? undefined : sum + size),
    0,
  )
  let bytes = 0

  function skip(line: string | undefined): void {
    skipped++
    sample ??= line?.slice(0, 200)
  }

  function read(line: string | undefined, parse: LineParser | undefined): void {
    if (line === '') return
    const parsed = line === undefined ? undefined : parse?.(line)
    if (parsed === 'skip') return
    lines++
    if (parsed === undefined) return skip(line)
    clock.see(parsed.at, parsed.zone)
    days.see(parsed.at)
    if (parsed.status === 429) refused++
    if (parsed.named === '' && fields.account !== undefined) unnamed++
    if (parsed.cost === undefined && fields.cost !== undefined) uncounted++
    spool.add({
      at: parsed.at,
      account: accounts.add(parsed),
      route: routes.add(parsed.method, parsed.path),
      client: keepAddresses ? (clients.idOf(clientOf(parsed.address)) ?? maxAccounts) : 0,
      cost: parsed.cost ?? 1,
      status: parsed.status,
    })
  }

  for (const source of sources) {
    clock.nextFile()
    let first: (string | undefined)[] | undefined = []
    let parse: LineParser | undefined
    const choose = (): void => {
      const seen = first ?? []
      const format =
        options.format ??
        detectFormat(
          seen.filter((line) => line !== undefined),
          fields,
        )
      if (format !== undefined) formats.add(format.name)
      parse = options.format?.open(fields) ?? (format && openDetected(format, fields, (name) => formats.add(name)))
      for (const line of seen) read(line, parse)
      // A file may begin with damage: the next lines decide then.
      first = format === undefined ? [] : undefined
    }
    const splitter = lineSplitter((line) => {
      if (first === undefined) return read(line, parse)
      if (line !== '') first.push(line)
      if (first.length === detectionLines) choose()
    })
    const { damage } = await readSource(
      source,
      (length) => {
        bytes += length
        progress.update(`reading ${source.name}, ${lines} lines,`, totalBytes === undefined ? undefined : bytes / totalBytes)
      },
      (chunk) => splitter.push(chunk),
    )
    splitter.end()
    if (first !== undefined) choose()
    if (damage !== undefined) warnings.push(`${source.name} ends early (${damage}); what came before was used`)
  }
  spool.finish()
  const { from, to, strays } = days.mainTime()
  if (strays > 0) {
    spool.keepOnly(from, to, (account, status) => {
      accounts.remove(account)
      if (status === 429) refused--
    })
    skipped += strays
    warnings.push(`${strays} lines have a time that is more than a month away from all others, and were left out`)
  }
  return {
    lines,
    skipped,
    sample,
    formats: [...formats],
    accounts,
    routes,
    spool,
    refused,
    unnamed,
    uncounted,
    warnings: [...warnings, ...clock.warnings()],
  }
}
