import { UsageError } from '../cli/io.ts'
import { formatNamed } from './formats/detect.ts'
import type { FieldMap, LogFormat } from './formats/format.ts'
import { parseTimestamp } from './formats/timestamp.ts'
import type { Period } from './shape/spikes.ts'

/** What the command line gives, as text. */
export interface RawOptions {
  readonly plan?: string
  readonly capacity?: string
  readonly target?: string
  readonly share?: string
  readonly account?: string
  readonly policy?: string
  readonly json?: string
  readonly html?: string
  readonly map?: string
  readonly format?: string
  readonly baseline?: string
  readonly shadowFirst?: boolean
  readonly retries?: string
}

/** What an analysis is asked for, checked. */
export interface AnalyzeOptions {
  readonly plan: RegExp | undefined
  readonly capacity: number | undefined
  /** Share of accounts that must not be throttled. */
  readonly target: number
  /** The largest share of the capacity that one account may have for long. */
  readonly share: number
  readonly fields: FieldMap
  readonly format: LogFormat | undefined
  readonly baseline: Period | undefined
  readonly shadowFirst: boolean
  /** How often a throttled client comes back in a replay. */
  readonly retries: number
}

const mappable = ['ts', 'account', 'status', 'cost', 'method', 'path', 'address', 'agent'] as const

/**
 * Checks what the command line gives.
 *
 * @throws UsageError saying what was expected and what came
 */
export function parseOptions(raw: RawOptions): AnalyzeOptions {
  const { account, map, format } = raw
  const fields: FieldMap = { ...(map !== undefined && parseMap(map)), ...(account !== undefined && { account }) }
  const text = format === undefined || format === 'auto' ? undefined : formatNamed(format)
  if (text !== undefined && text.name !== 'json') {
    const stranger = Object.keys(fields).find((name) => name !== 'account' && name !== 'cost')
    if (stranger !== undefined) throw new UsageError(`--map: ${stranger} can be named for JSON logs only; got --format ${format}`)
  }
  return {
    plan: raw.plan === undefined ? undefined : parsePlan(raw.plan),
    capacity:
      raw.capacity === undefined ? undefined : parseNumber('--capacity', raw.capacity, 'requests a second above 0', (value) => value > 0),
    target:
      raw.target === undefined
        ? 0.999
        : parseNumber('--target', raw.target, 'a share from 0.5 to 0.999999, such as 0.999', (value) => value >= 0.5 && value <= 0.999_999),
    share:
      raw.share === undefined ? 0.5 : parseNumber('--share', raw.share, 'a share above 0, at most 1', (value) => value > 0 && value <= 1),
    fields,
    format: text,
    baseline: raw.baseline === undefined ? undefined : parseBaseline(raw.baseline),
    shadowFirst: raw.shadowFirst === true,
    retries:
      raw.retries === undefined
        ? 0
        : parseNumber(
            '--retries',
            raw.retries,
            'a whole number from 0 to 10',
            (value) => Number.isInteger(value) && value >= 0 && value <= 10,
          ),
  }
}

function parseNumber(option: string, text: string, expected: string, fits: (value: number) => boolean): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (!Number.isFinite(value) || !fits(value)) throw new UsageError(`${option}: expected ${expected}, got ${JSON.stringify(text)}`)
  return value
}

function parsePlan(text: string): RegExp {
  let plan: RegExp
  try {
    plan = new RegExp(text, 'u')
  } catch (error) {
    throw new UsageError(`--plan: expected a regular expression, got ${JSON.stringify(text)} (${(error as Error).message})`)
  }
  const groups = (new RegExp(`${plan.source}|`, 'u').exec('')?.length ?? 1) - 1
  if (groups < 1)
    throw new UsageError(`--plan: expected a group that captures the plan, such as '^(free|pro)-', got ${JSON.stringify(text)}`)
  return plan
}

function parseMap(text: string): FieldMap {
  const entries = text.split(',').map((pair): [string, string] => {
    const [name = '', ...rest] = pair.split('=')
    const field = rest.join('=').trim()
    if (!mappable.some((known) => known === name.trim()) || field === '')
      throw new UsageError(
        `--map: expected pairs such as ts=time,account=user.id with names among ${mappable.join(', ')}, got ${JSON.stringify(pair)}`,
      )
    return [name.trim(), field]
  })
  return Object.fromEntries(entries)
}

function parseBaseline(text: string): Period {
  const [from = '', to = ''] = text.split('..')
  const [start, end] = [parseTimestamp(from.trim()), parseTimestamp(to.trim())]
  if (start === undefined || end === undefined || !(start.at < end.at))
    throw new UsageError(`--baseline: expected two times such as 2026-11-02T00:00:00Z..2026-11-03T00:00:00Z, got ${JSON.stringify(text)}`)
  return { from: start.at, to: end.at }
}
