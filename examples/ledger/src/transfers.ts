import { etagOf, expectationOf } from 'holdfast'
import type { Call, Reply } from 'holdfast'
import { moveIfUnchanged, readPurses, writeEntries } from './accounting.ts'
import type { Purse } from './accounting.ts'
import { toTimestamp } from './clock.ts'
import type { Database, Row } from './database/database.ts'
import { accountIn, represent } from './http.ts'
import type { Handler } from './http.ts'
import { newId } from './ids.ts'
import { anyObject, object, optional, text } from './input.ts'
import type { Read } from './input.ts'
import { parseJson, toJson } from './json.ts'
import type { Ledger } from './ledger.ts'
import { formatCents, money } from './money.ts'
import { invalid, refuse } from './refusals.ts'

const reference = object({ id: text() })

/** What `POST /transfers` takes. */
export const newTransfer = object({ source: reference, destination: reference, amount: money, metadata: optional(anyObject, {}) })

/** A transfer about to happen. `reverses` is the one it undoes. */
type Order = Read<typeof newTransfer> & { readonly reverses?: string }

/** What `toTransfer` needs, of the table `t`. */
export const columns =
  't.id, t.source, t.destination, CAST(t.amount AS TEXT) AS amount, t.currency, t.status, t.metadata, t.version, t.created_at'

/** A transfer as callers see it. */
export function toTransfer(row: Row) {
  return {
    id: row['id'] as string,
    source: { id: row['source'] as string },
    destination: { id: row['destination'] as string },
    amount: { value: formatCents(BigInt(row['amount'] as string)), currency: row['currency'] as string },
    status: row['status'],
    metadata: parseJson(row['metadata'] as string),
    created_at: toTimestamp(Number(row['created_at'])),
    etag: etagOf(row['version'] as number),
  }
}

async function findTransfer(database: Database, account: string, id: string) {
  const [row] = await database.query(`SELECT ${columns} FROM transfers t WHERE t.id = $1 AND t.account = $2`, [id, account])
  return row && toTransfer(row)
}

/** The newest transfer from or to a wallet. */
export async function findLastTransfer(database: Database, wallet: string): Promise<ReturnType<typeof toTransfer> | undefined> {
  const [row] = await database.query(
    `SELECT ${columns} FROM entries e JOIN transfers t ON t.id = e.transfer WHERE e.wallet = $1 ORDER BY e.seq DESC LIMIT 1`,
    [wallet],
  )
  return row && toTransfer(row)
}

/** `POST /transfers` */
export function createTransfer(ledger: Ledger): Handler<Read<typeof newTransfer>> {
  return (call, _params, order) => transfer(ledger, call, order)
}

/** `POST /transfers/:id/reverse` */
export function reverseTransfer(ledger: Ledger): Handler {
  return async (call, { id = '' }) => {
    const writer = ledger.database.transaction(call)
    const [row] = await writer.query(
      `SELECT source, destination, CAST(amount AS TEXT) AS amount, currency, status, version
       FROM transfers WHERE id = $1 AND account = $2 ${writer.forUpdate}`,
      [id, accountIn(call)],
    )
    if (row === undefined) return noTransfer(id)
    if (row['status'] === 'reversed') return refuse('already-reversed', `The transfer ${id} was reversed before.`)
    // The row is locked, so that comparing its version and writing it are one step.
    if (!expectationOf(call).verify({ state: row['version'] as number })) return noTransfer(id)
    const reply = await transfer(ledger, call, {
      source: { id: row['destination'] as string },
      destination: { id: row['source'] as string },
      amount: { value: BigInt(row['amount'] as string), currency: row['currency'] as string },
      metadata: {},
      reverses: id,
    })
    if (reply.status === 201) await writer.query(`UPDATE transfers SET status = 'reversed', version = version + 1 WHERE id = $1`, [id])
    return reply
  }
}

/** `GET /transfers/:id` */
export function readTransfer({ database }: Ledger): Handler {
  return async (call, { id = '' }) => {
    const found = await findTransfer(database.read, accountIn(call), id)
    return found ? represent(200, found) : noTransfer(id)
  }
}

async function transfer(
  { database, clock, keepsKeys }: Ledger,
  call: Call,
  { source, destination, amount, metadata, reverses }: Order,
): Promise<Reply> {
  const writer = database.transaction(call)
  const account = accountIn(call)
  if (source.id === destination.id) return invalid([{ pointer: '/destination/id', detail: 'must not be the source' }])
  const cents = amount.value
  for (let attempt = 1; ; attempt++) {
    const purses = await readPurses(writer, account, [source.id, destination.id], attempt > 1)
    const [from, to] = [purses.get(source.id), purses.get(destination.id)]
    const refusal = refusalOf(from, to, amount)
    if (refusal !== undefined) return refusal
    if (await moveIfUnchanged(writer, { from: from as Purse, to: to as Purse, cents })) break
    // The second look has locked both.
    if (attempt > 1) throw new Error('a locked wallet has changed')
  }
  const at = clock.now()
  const id = newId('trf', at)
  const key = keepsKeys ? keyOf(call) : null
  await writer.query(
    `INSERT INTO transfers (id, account, source, destination, amount, currency, status, metadata, reverses, request_key, version, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, 'posted', $7, $8, $9, 1, $10)`,
    [id, account, source.id, destination.id, amount.value, amount.currency, toJson(metadata), reverses ?? null, key, at],
  )
  await writeEntries(writer, { source: source.id, destination: destination.id, cents, transfer: id, at })
  const made = await findTransfer(writer, account, id)
  return made ? represent(201, made, { location: `/transfers/${id}` }) : noTransfer(id)
}

/** Why money may not move, or `undefined`. Nothing was written before this, so a refusal can be recorded as the answer. */
function refusalOf(source: Purse | undefined, destination: Purse | undefined, amount: Order['amount']): Reply | undefined {
  if (source === undefined) return notYours('/source/id')
  if (destination === undefined) return notYours('/destination/id')
  for (const { id, currency, isOpen } of [source, destination]) {
    if (currency !== amount.currency) return refuse('currency-mismatch', `${id} holds ${currency}, the amount is in ${amount.currency}.`)
    if (!isOpen) return refuse('wallet-closed', `${id} is closed.`)
  }
  if (source.balance >= amount.value) return undefined
  return refuse('insufficient-funds', `${source.id} holds ${formatCents(source.balance)}, the transfer needs ${formatCents(amount.value)}.`)
}

/** The caller's key, which may be quoted or bare. */
function keyOf(call: Call): string {
  const value = call.headers.get('idempotency-key') ?? ''
  return value.trim().replace(/^"(.*)"$/, '$1')
}

function notYours(pointer: string): Reply {
  return refuse('wallet-not-found', `${pointer} is not a wallet of yours.`, { errors: [{ pointer, detail: 'is not a wallet of yours' }] })
}

const noTransfer = (id: string): Reply => refuse('transfer-not-found', `There is no transfer ${JSON.stringify(id.slice(0, 64))}.`)
