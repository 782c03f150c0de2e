import { reportUsage } from './report.ts'
import type { AccountUsage } from './report.ts'
import type { Version } from './schedule.ts'
import type { Retirement, UsageRow } from './store.ts'
import type { Versions } from './versions.ts'

const day = 86_400_000

/** How long before the end a version is switched off, and for how long: short and early at first. */
const warnings: readonly { readonly daysBefore: number; readonly minutes: number }[] = [
  { daysBefore: 28, minutes: 5 },
  { daysBefore: 14, minutes: 15 },
  { daysBefore: 7, minutes: 30 },
  { daysBefore: 3, minutes: 60 },
  { daysBefore: 1, minutes: 120 },
]

/** What is known when a version is to be retired. */
export interface RetireQuestion {
  readonly version: string
  /** From when on it is refused, milliseconds since the epoch. */
  readonly after: number
  readonly now: number
  /** Usage of the version, at least of the last `idleDays`. */
  readonly rows: readonly UsageRow[]
  /** What was decided about versions before. @default none */
  readonly retirements?: readonly Retirement[]
  /** How long nobody may have called it. @default 30 */
  readonly idleDays?: number
  /** Accounts that may still call, and that brownouts spare. */
  readonly exempt?: readonly string[]
  /** Retires it whoever still calls. @default false */
  readonly force?: boolean
}

/** Whether a version may be retired. */
export type RetireVerdict =
  | { readonly kind: 'retire'; readonly retirement: Retirement }
  | { readonly kind: 'in-use'; readonly callers: readonly AccountUsage[] }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'only-one' }

/**
 * Decides whether a version may be retired: not while any account that is not exempt has called it lately. Warnings by brownouts come with the
 * decision, as many as still fit before the end.
 */
export function decideRetirement(versions: Versions, question: RetireQuestion): RetireVerdict {
  const { version, after, now, rows, retirements = [], idleDays = 30, exempt = [], force = false } = question
  const declared = versions.list.find(({ id }) => id === version)
  if (declared === undefined) return { kind: 'unknown' }
  const stays = ({ id, state }: Version): boolean =>
    id !== version && (state === 'current' || state === 'deprecated') && !retirements.some((retired) => retired.version === id)
  if (!versions.list.some(stays)) return { kind: 'only-one' }
  const lately = rows.filter((row) => row.version === version && row.lastAt >= now - idleDays * day && !exempt.includes(row.account))
  if (lately.length > 0 && !force) return { kind: 'in-use', callers: reportUsage(versions, lately) }
  const brownouts = warnings
    .map(({ daysBefore, minutes }) => ({ from: after - daysBefore * day, until: after - daysBefore * day + minutes * 60_000 }))
    .filter(({ from }) => from >= now)
  return { kind: 'retire', retirement: { version, deprecatedAt: Math.min(now, after), retireAt: after, brownouts, exempt } }
}
