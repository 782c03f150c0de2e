import { hash } from 'node:crypto'
import type { AccountSource } from './account-of.ts'

/**
 * The name under which a report shows an account. A credential that was found in the log, not named by the caller, is shown as a digest:
 * reports are passed on, and must not hold keys.
 */
export function displayName(account: string, source: AccountSource): string {
  return source === 'key' ? `key-${hash('sha256', account, 'hex').slice(0, 12)}` : account
}

/** Text from a log made safe for a terminal: control characters could move the cursor, change colours or the direction of text. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
