import type { Call } from 'holdfast'
import { pathsOf } from 'holdfast/versioning'
import { accountIn } from './http.ts'
import type { Ledger } from './ledger.ts'
import { createMatcher } from './matcher.ts'
import { versions } from './versions/versions.ts'

/** Looks up the version of what a call is about, so that a refusal for want of If-Match can show the tag to send. */
export function versionIn({ database }: Ledger, table: 'wallets' | 'transfers', route: string) {
  const match = createMatcher(pathsOf(versions, route).map(({ path }) => path))
  return async function current(call: Call): Promise<string | undefined> {
    const { id = '' } = match(call.method, call.url)?.params() ?? {}
    if (id === '' || id.includes('\0')) return undefined
    const only = table === 'wallets' ? `AND kind = 'wallet'` : ''
    const [row] = await database.read.query(`SELECT version FROM ${table} WHERE id = $1 AND account = $2 ${only}`, [id, accountIn(call)])
    return row && String(row['version'])
  }
}
