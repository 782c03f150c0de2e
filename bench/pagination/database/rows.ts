import { seededRandom } from 'holdfast/testing'

/** A wallet as the ledger keeps it, with a number of an entry beside: it has the keys of all the ledger's sorts. */
export interface WalletRow {
  readonly id: string
  /** Microseconds since the Unix epoch. */
  readonly created_at: number
  readonly display_name: string
  readonly nickname: string | null
  readonly balance: number
  readonly seq: number
}

/** What the sorts compare, in the order of the columns. */
export const columns = ['id', 'created_at', 'display_name', 'nickname', 'balance', 'seq'] as const

export type Column = (typeof columns)[number]

/** One key of a sort. */
export interface Term {
  readonly column: Column
  readonly descending: boolean
}

const term = (text: string): Term => ({ column: text.replace('-', '') as Column, descending: text.startsWith('-') })

/** The sorts of the ledger's lists; NULL stands last in `nickname`. */
export const sortTexts: Readonly<Record<string, readonly string[]>> = {
  '-created_at': ['-created_at', '-id'],
  created_at: ['created_at', 'id'],
  display_name: ['display_name', 'id'],
  nickname: ['nickname', 'id'],
  '-balance': ['-balance', '-id'],
  seq: ['seq'],
}

/** The keys of each sort. */
export const sorts: ReadonlyMap<string, readonly Term[]> = new Map(
  Object.entries(sortTexts).map(([name, texts]) => [name, texts.map((text) => term(text))]),
)

const startsAt = Date.UTC(2026, 5, 1) * 1000
/** Timestamps of neighbours differ less than a millisecond, which is all that a `Date` holds. */
const apartUs = 7
const names = ['Ann Ångström', 'Борис Иванов', 'Χλόη Παπά', '王小明', 'مريم حسن', 'Ann Angstrom', 'ann ångström', 'Zoë', '李雷', '']
/** Room between two numbers for those that are added later. */
const seqApart = 1_000_000

/** Sort keys anywhere among those of `count` rows: two of five equal one another's, a third of the nicknames are NULL. */
export function keysAmong(count: number, random: () => number): Omit<WalletRow, 'id' | 'seq'> {
  const name = (): string => names[Math.floor(random() * names.length)] as string
  return {
    created_at: startsAt + Math.floor(random() * count * 0.6) * apartUs,
    display_name: name(),
    nickname: random() < 1 / 3 ? null : name(),
    balance: Math.floor(random() * count * 0.6) * 50,
  }
}

/** The rows a walk begins with. */
export function makeRows(kind: 'stable' | 'volatile', count: number, of: number): readonly WalletRow[] {
  const random = seededRandom(kind === 'stable' ? 7 : 8)
  return Array.from({ length: count }, (_, n) => ({
    id: `wal_${kind[0]}${String(n).padStart(6, '0')}`,
    seq: (n * 2 + (kind === 'stable' ? 0 : 1)) * seqApart,
    ...keysAmong(of, random),
  }))
}

let added = 0

/** One more row, anywhere in the order. */
export function makeAdded(among: number, random: () => number): WalletRow {
  added += 1
  const id = `wal_${String(Math.floor(random() * 36 ** 4).toString(36)).padStart(4, '0')}_${added}`
  return { id, seq: Math.floor(random() * among) * seqApart + added, ...keysAmong(among, random) }
}
