import type { Database, LedgerDatabase, Value } from '../database/database.ts'
import { newExternalNo, newId } from '../ids.ts'
import type { RandomBytes } from '../ids.ts'
import { toJson } from '../json.ts'

/** What data is wanted: the same order gives the same data, ids included. */
export interface ResetOrder {
  readonly seed: number
  readonly wallets: number
  readonly transfers: number
}

const account = 'alice'
const currency = 'EUR'
const openingCents = 1_000_000n
const startsAt = Date.UTC(2026, 5, 1) * 1000
const stepMicros = 7
const names = ['Ann Ångström', 'Борис Иванов', 'Χλόη Παπά', '王小明', 'مريم حسن', 'Ann Ångström', 'Zoë', 'boris', '李雷', 'Ωμέγα']

/** Replaces all data of the ledger. Holdfast's records stay: use new keys afterwards. */
export async function reset(database: LedgerDatabase, order: ResetOrder): Promise<ResetOrder> {
  const { wallets, transfers, entries } = generate(order)
  await database.write(async (writer) => {
    for (const table of ['entries', 'transfers', 'wallets']) await writer.query(`DELETE FROM ${table}`)
    await insert(
      writer,
      'wallets (id, account, kind, owners, display_name, nickname, currency, balance, status, external_no, version, created_at)',
      wallets,
    )
    await insert(writer, 'transfers (id, account, source, destination, amount, currency, status, metadata, version, created_at)', transfers)
    await insert(writer, 'entries (wallet, transfer, delta, balance_after, created_at)', entries)
  })
  return order
}

interface Generated {
  readonly wallets: Value[][]
  readonly transfers: Value[][]
  readonly entries: Value[][]
}

function generate({ seed, wallets: walletCount, transfers: transferCount }: ResetOrder): Generated {
  const random = seededRandom(seed)
  const bytes: RandomBytes = (size) => Uint8Array.from({ length: size }, () => random() * 256)
  const pick = (below: number): number => Math.floor(random() * below)
  const world = { id: `world_${account}_${currency}`, cents: 0n, version: 1, at: startsAt }
  const purses = timeline(walletCount).map((at) => ({ id: newId('wal', at, bytes), cents: 0n, version: 1, at }))
  const transfers: Value[][] = []
  const entries: Value[][] = []

  function move(source: typeof world, destination: typeof world, cents: bigint, transfer: string | null, at: number): void {
    for (const [purse, delta] of [
      [source, -cents],
      [destination, cents],
    ] as const) {
      purse.cents += delta
      purse.version += 1
      entries.push([purse.id, transfer, delta, purse.cents, at])
    }
  }

  for (const purse of purses) move(world, purse, openingCents, null, purse.at)
  for (const at of timeline(purses.length < 2 ? 0 : transferCount)) {
    const from = pick(purses.length)
    let [source, destination] = [purses[from], purses[(from + 1 + pick(purses.length - 1)) % purses.length]] as [typeof world, typeof world]
    const cents = BigInt(1 + pick(500))
    if (source.cents < cents) [source, destination] = [destination, source]
    const id = newId('trf', at, bytes)
    transfers.push([id, account, source.id, destination.id, cents, currency, 'posted', toJson({ memo: `no. ${transfers.length}` }), 1, at])
    move(source, destination, cents, id, at)
  }
  const wallets = purses.map(({ id, cents, version, at }, index): Value[] => {
    const name = names[pick(names.length)] ?? ''
    const nickname = index % 3 === 0 ? null : name.slice(0, 3)
    return [id, account, 'wallet', JSON.stringify([name]), name, nickname, currency, cents, 'open', newExternalNo(bytes), version, at]
  })
  const hidden: Value[] = [world.id, account, 'world', '[]', 'world', null, currency, world.cents, 'open', 0, world.version, world.at]
  return { wallets: [hidden, ...wallets], transfers, entries }
}

/** Instants 7 us apart, where two of every five are the same as the one before. */
function timeline(length: number): number[] {
  let at = startsAt
  return Array.from({ length }, (_, index) => (at += index % 5 === 1 || index % 5 === 3 ? 0 : stepMicros))
}

/** Inserts rows a hundred at a time: one by one a large reset would take minutes on Postgres. */
async function insert(database: Database, target: string, rows: readonly Value[][]): Promise<void> {
  for (let start = 0; start < rows.length; start += 100) {
    const some = rows.slice(start, start + 100)
    let at = 0
    const places = some.map((row) => `(${row.map(() => `$${(at += 1)}`).join(', ')})`)
    await database.query(`INSERT INTO ${target} VALUES ${places.join(', ')}`, some.flat())
  }
}

/** Mulberry32. */
function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
