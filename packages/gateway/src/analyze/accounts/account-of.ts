import { hash } from 'node:crypto'
import type { LogLine } from '../formats/format.ts'
import { clientOf } from './address.ts'

/** Where the accounts of a log were found. */
export type AccountSource = 'named' | 'key' | 'subject' | 'user' | 'address'

/**
 * Whom a request counts for: the field that the caller named, else an API key, the subject of a token, the user, the address.
 *
 * @param isNamed whether a field was named; a line without it then has no account, and counts for its address
 */
export function accountOf(line: LogLine, isNamed: boolean): readonly [account: string, source: AccountSource] {
  const [account, source] = findAccount(line, isNamed)
  return [account.length > longestAccount ? shortened(account) : account, source]
}

/** Names come from whoever sent the requests, and all of them are kept. */
const longestAccount = 200

function shortened(account: string): string {
  return `${account.slice(0, longestAccount - 14)}…${hash('sha256', account, 'hex').slice(0, 12)}`
}

function findAccount(line: LogLine, isNamed: boolean): readonly [account: string, source: AccountSource] {
  if (line.named !== '') return [line.named, 'named']
  if (!isNamed) {
    if (line.key !== '') return [line.key, 'key']
    if (line.subject !== '') return [line.subject, 'subject']
    if (line.user !== '') return [line.user, 'user']
  }
  return [line.address === '' ? 'unknown' : clientOf(line.address), 'address']
}
