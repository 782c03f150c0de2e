import { createHash } from 'node:crypto'
import { accountFact, targetOf } from '../core/index.ts'
import type { Call } from '../core/index.ts'

/**
 * Names a write: account, method, path, the state it was meant for, and its body. Keep it on the row; when the same call comes again because its answer was lost, its row
 * says that it was done (RFC 9110 section 13.1.1 permits a success then). A handler that reads the raw body itself asks before it does.
 *
 * @example
 * await updateRow(sql, { table: 'wallets', key: { id }, set, lastWrite: { column: 'last_write', value: await lastWriteOf(call) } })
 */
export async function lastWriteOf(call: Call, limit = 1_048_576): Promise<string> {
  const { path, query } = targetOf(call.url)
  const head = [
    call.facts.get(accountFact) ?? '',
    call.method,
    path,
    query,
    call.headers.get('content-type') ?? '',
    call.headers.get('if-match') ?? '',
  ]
  return createHash('sha256')
    .update(JSON.stringify(head))
    .update(await call.bytes(limit))
    .digest('base64url')
}
