import { etagOf } from 'holdfast'
import { move, worldOf } from './accounting.ts'
import { toTimestamp } from './clock.ts'
import type { Database, Row } from './database/database.ts'
import { accountIn, queryOf, represent } from './http.ts'
import type { Handler } from './http.ts'
import { newExternalNo, newId } from './ids.ts'
import { list, nullable, object, optional, text } from './input.ts'
import type { Read } from './input.ts'
import type { Ledger } from './ledger.ts'
import { amount, currency, formatCents } from './money.ts'
import { invalid, refuse } from './refusals.ts'
import { findLastTransfer } from './transfers.ts'

/** What `POST /wallets` takes. */
export const newWallet = object({
  owners: list(text(), 20),
  display_name: text(),
  currency,
  nickname: optional(nullable(text()), null),
  opening_balance: optional(amount, undefined),
})

/** The columns of a wallet. Integers that a double may not hold are read as text. */
export const walletColumns: string = `id, owners, display_name, nickname, currency, CAST(balance AS TEXT) AS balance, status,
  CAST(external_no AS TEXT) AS external_no, version, created_at`

/** A wallet as callers see it. */
export function toWallet(row: Row) {
  return {
    id: row['id'] as string,
    owners: JSON.parse(row['owners'] as string) as string[],
    display_name: row['display_name'],
    nickname: row['nickname'],
    currency: row['currency'],
    balance: { value: formatCents(BigInt(row['balance'] as string)), currency: row['currency'] },
    status: row['status'],
    external_no: BigInt(row['external_no'] as string),
    created_at: toTimestamp(Number(row['created_at'])),
    etag: etagOf(row['version'] as number),
  }
}

/** Finds a wallet of an account. Another account's are not there for it, nor is its own world wallet. */
export async function findWallet(database: Database, account: string, id: string): Promise<ReturnType<typeof toWallet> | undefined> {
  const [row] = await database.query(`SELECT ${walletColumns} FROM wallets WHERE id = $1 AND account = $2 AND kind = 'wallet'`, [
    id,
    account,
  ])
  return row && toWallet(row)
}

/** `POST /wallets` */
export function createWallet({ database, clock }: Ledger): Handler<Read<typeof newWallet>> {
  return async (call, _params, { owners, display_name, nickname, currency, opening_balance }) => {
    const writer = database.transaction(call)
    const account = accountIn(call)
    const at = clock.now()
    const id = newId('wal', at)
    await writer.query(
      `INSERT INTO wallets (id, account, kind, owners, display_name, nickname, currency, balance, status, external_no, version, created_at)
       VALUES ($1, $2, 'wallet', $3, $4, $5, $6, 0, 'open', $7, 1, $8)`,
      [id, account, JSON.stringify(owners), display_name, nickname, currency, newExternalNo(), at],
    )
    if (opening_balance !== undefined) {
      const source = await worldOf(writer, account, currency, at)
      await move(writer, { source, destination: id, cents: opening_balance, transfer: null, at })
    }
    const wallet = await findWallet(writer, account, id)
    return wallet ? represent(201, wallet, { location: `/wallets/${id}` }) : noWallet(id)
  }
}

/** `GET /wallets/:id` */
export function readWallet({ database }: Ledger): Handler {
  return async (call, { id = '' }) => {
    const expand = queryOf(call).getAll('expand')
    if (expand.some((name) => name !== 'last_transfer')) return invalid([{ parameter: 'expand', detail: 'can only be last_transfer' }])
    const wallet = await findWallet(database.read, accountIn(call), id)
    if (wallet === undefined) return noWallet(id)
    if (expand.length === 0) return represent(200, wallet)
    return represent(200, { ...wallet, last_transfer: (await findLastTransfer(database.read, id)) ?? null })
  }
}

/** What a wallet that cannot be seen is answered with. */
export const noWallet = (id: string) => refuse('wallet-not-found', `There is no wallet ${JSON.stringify(id.slice(0, 64))}.`)
