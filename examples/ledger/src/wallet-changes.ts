import { createReply, etagOf, expectationOf } from 'holdfast'
import type { Call, Reply } from 'holdfast'
import { mergePatch, readPatch } from 'holdfast/concurrency'
import type { PatchFormat } from 'holdfast/concurrency'
import { jsonPatch } from 'holdfast/concurrency/json-patch'
import { updateRow } from 'holdfast/concurrency/sql'
import { edit, put } from 'holdfast/versioning'
import type { Database, Row } from './database/database.ts'
import { asSql } from './database/sql.ts'
import { accountIn, represent } from './http.ts'
import type { Handler } from './http.ts'
import { list, nullable, object, optional, text } from './input.ts'
import type { Read } from './input.ts'
import { parseJson, toJson } from './json.ts'
import type { Ledger } from './ledger.ts'
import { invalid, refuse } from './refusals.ts'
import type { Issue } from './refusals.ts'
import { noWallet, toWallet, walletColumns } from './wallets.ts'

const walletEdit = object({ owners: list(text(), 20), display_name: text(), nickname: optional(nullable(text()), null) })

/** What of a wallet its owner may write. */
type WalletEdit = Read<typeof walletEdit>

const writable = ['owners', 'display_name', 'nickname']
const formats: readonly PatchFormat[] = [mergePatch, jsonPatch]

/** `PUT /wallets/:id`. The body may be a whole wallet as it was read: members that cannot be changed must then be as they are. */
export function replaceWallet({ database }: Ledger): Handler {
  return (call, { id = '' }, body) =>
    change(database.transaction(call), call, id, (wallet) => {
      const given = typeof body === 'object' && body !== null ? body : {}
      // What a replacement leaves out is gone, except what it could not have changed.
      const kept = Object.entries(wallet).filter(([name]) => !writable.includes(name))
      // What the caller's version cannot say is not gone with it.
      return { document: Array.isArray(body) ? body : put(call, 'wallet', wallet, { ...Object.fromEntries(kept), ...given }) }
    })
}

/** `PATCH /wallets/:id`: a merge patch or a JSON Patch of the whole wallet. */
export function patchWallet({ database }: Ledger): Handler {
  return async (call, { id = '' }) => {
    const patch = await readPatch(call, { formats, parse: parseJson })
    if ('refusal' in patch) return patch.refusal
    return change(database.transaction(call), call, id, (wallet) => {
      let refusal: Reply | undefined
      // A patch is written for the wallet as its caller's version has it.
      const document = edit(call, 'wallet', wallet, (seen) => {
        const patched = patch.apply(parseJson(toJson(seen)))
        if ('document' in patched) return patched.document
        refusal = patched.refusal
        return seen
      })
      return refusal === undefined ? { document } : { refusal }
    })
  }
}

/** `DELETE /wallets/:id`. A wallet's entries stay, and so does it: closed, for good. */
export function closeWallet({ database }: Ledger): Handler {
  return async (call, { id = '' }) => {
    const writer = database.transaction(call)
    const row = await lockWallet(writer, accountIn(call), id)
    if (row === undefined) return noWallet(id)
    const { value } = toWallet(row).balance
    if (value !== '0.00') return refuse('balance-not-zero', `The wallet holds ${value}. Move it first.`)
    const closed = await update(writer, call, row, { status: 'closed' })
    return closed === undefined ? noWallet(id) : createReply(204, { etag: etagOf(closed['version'] as number, call) })
  }
}

type Edit = (wallet: Readonly<Record<string, unknown>>) => { readonly refusal: Reply } | { readonly document: unknown }

async function change(writer: Database, call: Call, id: string, editing: Edit): Promise<Reply> {
  const row = await lockWallet(writer, accountIn(call), id)
  if (row === undefined) return noWallet(id)
  const before = shown(row)
  if (before['status'] === 'closed') return refuse('wallet-closed', `${id} is closed.`)
  // An edit is made for one state: on another it may be refused for a reason that is not its own.
  if (!expectationOf(call).admits(toCurrent(row))) return stale(call, row)
  const edited = editing(before)
  if ('refusal' in edited) return edited.refusal
  const issues: Issue[] = []
  const { owners, display_name, nickname } = readEdit(before, edited.document, issues)
  if (issues.length > 0) return invalid(issues)
  const after = await update(writer, call, row, { owners: JSON.stringify(owners), display_name, nickname })
  return after === undefined ? noWallet(id) : represent(200, toWallet(after))
}

/** What an edited wallet has in the members that may be written; what it has in the others must be what was there. */
function readEdit(before: Readonly<Record<string, unknown>>, document: unknown, issues: Issue[]): WalletEdit {
  const isObject = typeof document === 'object' && document !== null && !Array.isArray(document)
  const after = isObject ? (document as Readonly<Record<string, unknown>>) : {}
  const edit: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(after)) {
    if (writable.includes(name) || !Object.hasOwn(before, name)) edit[name] = value
    else if (toJson(value) !== toJson(before[name])) issues.push({ pointer: `/${name}`, detail: 'cannot be changed' })
  }
  for (const name of Object.keys(before)) {
    if (isObject && !writable.includes(name) && !Object.hasOwn(after, name))
      issues.push({ pointer: `/${name}`, detail: 'cannot be removed' })
  }
  return walletEdit(isObject ? edit : document, '', issues)
}

/** Writes if the wallet is in the state the caller expects; a change that changes nothing keeps version and tag. */
async function update(writer: Database, call: Call, row: Row, set: Readonly<Record<string, string | null>>): Promise<Row | undefined> {
  const done = await updateRow(asSql(writer), {
    table: 'wallets',
    key: { id: row['id'] },
    set,
    expected: expectationOf(call),
    returning: walletColumns,
    represent: (current) => shown(current as Row),
  })
  return done?.row as Row | undefined
}

/** The wallet, kept from others until the transaction ends: a condition on its balance holds as long. */
async function lockWallet(writer: Database, account: string, id: string): Promise<Row | undefined> {
  const [row] = await writer.query(
    `SELECT ${walletColumns} FROM wallets WHERE id = $1 AND account = $2 AND kind = 'wallet' ${writer.forUpdate}`,
    [id, account],
  )
  return row
}

function stale(call: Call, row: Row): Reply {
  expectationOf(call).verify(toCurrent(row))
  return noWallet(row['id'] as string)
}

const toCurrent = (row: Row) => ({ state: row['version'] as number | string, representation: shown(row) })

/** A wallet as its JSON has it; numbers above 2^53 with all their digits. */
function shown(row: Row): Readonly<Record<string, unknown>> {
  return parseJson(toJson(toWallet(row))) as Readonly<Record<string, unknown>>
}
