import type { Value } from '../database/database.ts'
import { newExternalNo, newId } from '../ids.ts'
import type { RandomBytes } from '../ids.ts'
import { toJson } from '../json.ts'

/** What data is wanted. */
export interface DataOrder {
  readonly seed: number
  readonly wallets: number
  readonly transfers: number
}

/** Rows in the order of the columns. */
export interface SeededData {
  readonly wallets: readonly Value[][]
  readonly transfers: readonly Value[][]
  readonly entries: readonly Value[][]
}

/** The columns of the rows. */
export const columns = {
  wallets: 'id, account, kind, owners, display_name, nickname, currency, balance, status, external_no, version, created_at',
  transfers: 'id, account, source, destination, amount, currency, status, metadata, version, created_at',
  entries: 'wallet, transfer, delta, balance_after, created_at',
} as const

interface Purse {
  readonly id: string
  readonly at: number
  cents: bigint
  version: number
}

const account = 'alice'
const currency = 'EUR'
const openingCents = 1_000_000n
const startsAt = Date.UTC(2026, 5, 1) * 1000
// Some are equal, and some differ in case or accent alone: sorting must cope.
const names = ['Ann Ångström', 'Борис Иванов', 'Χλόη Παπά', '王小明', 'مريم حسن', 'Ann Angstrom', 'ann ångström', 'Zoë', '李雷', 'Ωμέγα']

/** Makes key_alice's data: the same order gives the same rows, ids included. */
export function generate({ seed, wallets, transfers }: DataOrder): SeededData {
  const random = seededRandom(seed)
  const bytes: RandomBytes = (size) => Uint8Array.from({ length: size }, () => random() * 256)
  const pick = (below: number): number => Math.floor(random() * below)
  const entries: Value[][] = []

  function post(purse: Purse, delta: bigint, transfer: string | null, at: number): void {
    purse.cents += delta
    purse.version += 1
    entries.push([purse.id, transfer, delta, purse.cents, at])
  }

  const world: Purse = { id: `world_${account}_${currency}`, at: startsAt, cents: 0n, version: 1 }
  const purses = timeline(startsAt, wallets).map((at): Purse => ({ id: newId('wal', at, bytes), at, cents: 0n, version: 1 }))
  for (const purse of purses) {
    post(world, -openingCents, null, purse.at)
    post(purse, openingCents, null, purse.at)
  }

  const transferRows = timeline(purses.at(-1)?.at ?? startsAt, transfers).map((at, index): Value[] => {
    const first = pick(purses.length)
    const pair = [purses[first], purses[(first + 1 + pick(purses.length - 1)) % purses.length]] as [Purse, Purse]
    const cents = BigInt(1 + pick(500))
    const [source, destination] = pair[0].cents < cents ? [pair[1], pair[0]] : pair
    const id = newId('trf', at, bytes)
    post(source, -cents, id, at)
    post(destination, cents, id, at)
    return [id, account, source.id, destination.id, cents, currency, 'posted', toJson({ memo: `no. ${index}` }), 1, at]
  })

  const walletRows = purses.map(({ id, at, cents, version }, index): Value[] => {
    const name = names[pick(names.length)] ?? ''
    const nickname = index % 3 === 0 ? null : name.slice(0, 3)
    return [id, account, 'wallet', toJson([name]), name, nickname, currency, cents, 'open', newExternalNo(bytes), version, at]
  })
  const worldRow: Value[] = [world.id, account, 'world', '[]', 'world', null, currency, world.cents, 'open', 0, world.version, world.at]
  return { wallets: [worldRow, ...walletRows], transfers: transferRows, entries }
}

/** Instants 7 us apart, where two of every five are the same as the one before. */
function timeline(from: number, length: number): number[] {
  let at = from
  return Array.from({ length }, (_, index) => (at += index % 5 === 1 || index % 5 === 3 ? 0 : 7))
}

/** Mulberry32: small, and good enough to pick wallets. */
function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
