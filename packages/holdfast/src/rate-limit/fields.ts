import { assertOneOf } from '../core/checks.ts'
import { configurationError } from '../core/index.ts'
import type { HeaderReader, ReplyHead } from '../core/index.ts'
import { closest, isListed, limitItem, policyItem } from './dialects.ts'
import type { Dialect, Notice } from './dialects.ts'

const dialects: readonly Dialect[] = ['draft-10', 'draft-8', 'draft-7', 'draft-6', 'legacy', 'next']

/**
 * Refuses dialects that do not exist, or that use the same fields for different things.
 *
 * @throws HoldfastError `configuration-invalid`
 */
export function assertDialects(given: readonly Dialect[]): void {
  for (const dialect of given) assertOneOf('fields', dialect, dialects)
  const drafts = given.filter((dialect) => dialect !== 'legacy')
  if (drafts.length > 1) throw configurationError(`fields: ${drafts.join(' and ')} use the same fields; choose one of them`)
}

/** The fields by which an answer says how limits stand. */
export function noticeFields(head: ReplyHead, given: readonly Dialect[], notices: readonly Notice[]): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const dialect of given) addFields(fields, dialect, notices, head)
  return fields
}

function addFields(fields: Record<string, string>, dialect: Dialect, notices: readonly Notice[], { status, headers }: ReplyHead): void {
  if (isListed(dialect)) {
    fields['ratelimit-policy'] = appended(headers, 'ratelimit-policy', listed(notices, dialect, policyItem))
    // A client might wait before it follows a redirection, or for a quota that a cached answer does not cost.
    const misleads = status >= 300 && status < 400 && notices.some(({ remaining }) => remaining === 0)
    if (!misleads) fields['ratelimit'] = appended(headers, 'ratelimit', listed(notices, dialect, limitItem))
    return
  }
  const notice = closest(notices)
  if (notice === undefined || isStricter(dialect, headers, notice)) return
  const { remaining, resetSeconds = 0, about } = notice
  const { quota } = about
  switch (dialect) {
    case 'draft-7':
      fields['ratelimit-policy'] = listed(notices, dialect, policyItem)
      fields['ratelimit'] = `limit=${quota}, remaining=${remaining}, reset=${resetSeconds}`
      return
    case 'draft-6':
      fields['ratelimit-policy'] = listed(notices, dialect, policyItem)
      fields['ratelimit-limit'] = String(quota)
      fields['ratelimit-remaining'] = String(remaining)
      fields['ratelimit-reset'] = String(resetSeconds)
      return
    default:
      fields['x-ratelimit-limit'] = String(quota)
      fields['x-ratelimit-remaining'] = String(remaining)
      fields['x-ratelimit-reset'] = String(resetSeconds)
  }
}

function listed(notices: readonly Notice[], dialect: Dialect, write: (dialect: Dialect, notice: Notice) => string): string {
  let line = ''
  for (const notice of notices) line += line === '' ? write(dialect, notice) : `, ${write(dialect, notice)}`
  return line
}

/** What another layer said stays: both of its limits and ours hold. */
function appended(headers: HeaderReader, name: string, ours: string): string {
  const theirs = headers.get(name)
  return theirs === null || theirs.trim() === '' ? ours : `${theirs}, ${ours}`
}

/** Whether another layer has said that less is left, in fields that have room for one limit. */
function isStricter(dialect: Dialect, headers: HeaderReader, { remaining }: Notice): boolean {
  const said =
    dialect === 'draft-7'
      ? /(?:^|[\s,])remaining=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]
      : headers.get(dialect === 'draft-6' ? 'ratelimit-remaining' : 'x-ratelimit-remaining')
  return said !== null && said !== undefined && /^\d+$/.test(said.trim()) && Number(said) <= remaining
}
