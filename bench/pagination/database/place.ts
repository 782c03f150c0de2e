import type { Column, Term, WalletRow } from './rows.ts'

/** A database with the table of wallets. Statements have `$n`. */
export interface Place {
  readonly dialect: 'postgres' | 'sqlite'
  query(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>
  insert(kind: 'stable' | 'volatile', rows: readonly WalletRow[]): Promise<void>
  update(id: string, keys: Partial<WalletRow>): Promise<void>
  close(): Promise<void>
}

/** The account that has the wallets. */
export const account = 'alice'

/** The table, and an index for each sort, as the ledger has them. */
export function schemaOf(dialect: Place['dialect']): readonly string[] {
  const timestamp = dialect === 'postgres' ? 'timestamptz' : 'INTEGER'
  // By code point in both: what a locale makes of a text is nothing that a walk is about.
  const text = dialect === 'postgres' ? 'text COLLATE "C"' : 'TEXT'
  return [
    `CREATE TABLE wallets (
       account ${text} NOT NULL, kind ${text} NOT NULL, id ${text} PRIMARY KEY, created_at ${timestamp} NOT NULL, display_name ${text} NOT NULL,
       nickname ${text}, balance bigint NOT NULL, seq bigint NOT NULL)`,
    'CREATE INDEX wallets_by_creation ON wallets (account, created_at, id)',
    'CREATE INDEX wallets_by_name ON wallets (account, display_name, id)',
    'CREATE INDEX wallets_by_nickname ON wallets (account, nickname, id)',
    'CREATE INDEX wallets_by_balance ON wallets (account, balance, id)',
    'CREATE UNIQUE INDEX wallets_by_seq ON wallets (account, seq)',
  ]
}

/** Where rows without a value stand in an ascending sort; the database's own way without. */
export type Nulls = 'first' | 'last' | undefined

/** ORDER BY of a sort. */
export function orderOf(terms: readonly Term[], nulls: Nulls): string {
  const isNullable = (column: Column): boolean => column === 'nickname'
  return terms
    .map(({ column, descending }) => {
      const place = nulls !== undefined && isNullable(column) ? ` NULLS ${nulls.toUpperCase()}` : ''
      return `${column}${descending ? ' DESC' : ''}${place}`
    })
    .join(', ')
}
