import type { Database } from './database.ts'

/** What the two dialects write differently. */
interface SchemaDialect {
  /** The counter of entries. */
  readonly counter: string
  /** Orders an indexed text by code point, as lists do. */
  readonly byCode: string
}

/** The ledger's tables, and an index for each sort of its lists. */
const schema = ({ counter, byCode }: SchemaDialect): readonly string[] => [
  `CREATE TABLE IF NOT EXISTS wallets (
     id TEXT PRIMARY KEY,
     account TEXT NOT NULL,
     kind TEXT NOT NULL CHECK (kind IN ('wallet', 'world')),
     owners TEXT NOT NULL,
     display_name TEXT NOT NULL,
     nickname TEXT,
     currency TEXT NOT NULL,
     balance BIGINT NOT NULL CHECK (kind = 'world' OR balance >= 0),
     status TEXT NOT NULL CHECK (status IN ('open', 'closed')),
     external_no BIGINT NOT NULL,
     version BIGINT NOT NULL,
     created_at BIGINT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS transfers (
     id TEXT PRIMARY KEY,
     account TEXT NOT NULL,
     source TEXT NOT NULL REFERENCES wallets (id),
     destination TEXT NOT NULL REFERENCES wallets (id),
     amount BIGINT NOT NULL CHECK (amount > 0),
     currency TEXT NOT NULL,
     status TEXT NOT NULL CHECK (status IN ('posted', 'reversed')),
     metadata TEXT NOT NULL,
     reverses TEXT UNIQUE REFERENCES transfers (id),
     request_key TEXT,
     version BIGINT NOT NULL,
     created_at BIGINT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS entries (
     seq ${counter},
     wallet TEXT NOT NULL REFERENCES wallets (id),
     transfer TEXT REFERENCES transfers (id),
     delta BIGINT NOT NULL,
     balance_after BIGINT NOT NULL,
     created_at BIGINT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS aliases (
     account TEXT NOT NULL,
     name TEXT NOT NULL,
     wallet TEXT NOT NULL REFERENCES wallets (id),
     version BIGINT NOT NULL,
     created_at BIGINT NOT NULL,
     PRIMARY KEY (account, name))`,
  `CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)`,
  `CREATE INDEX IF NOT EXISTS wallets_by_creation ON wallets (account, created_at, id${byCode})`,
  `CREATE INDEX IF NOT EXISTS wallets_by_name ON wallets (account, substr(display_name, 1, 60)${byCode}, id${byCode})`,
  `CREATE INDEX IF NOT EXISTS wallets_by_nickname ON wallets (account, substr(nickname, 1, 60)${byCode}, id${byCode})`,
  `CREATE INDEX IF NOT EXISTS wallets_by_balance ON wallets (account, balance, id${byCode})`,
  `CREATE INDEX IF NOT EXISTS transfers_by_creation ON transfers (account, created_at, id${byCode})`,
  `CREATE INDEX IF NOT EXISTS entries_by_wallet ON entries (wallet, seq)`,
]

/** SQLite: without AUTOINCREMENT a number could be given twice, and texts are ordered by code point as they are. */
export const sqliteDialect: SchemaDialect = { counter: 'INTEGER PRIMARY KEY AUTOINCREMENT', byCode: '' }

/** Postgres */
export const postgresDialect: SchemaDialect = { counter: 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY', byCode: ' COLLATE "C"' }

/** Makes the tables and indexes that are missing. `isThere` spares statements that would lock tables only to do nothing. */
export async function createTables(
  database: Database,
  dialect: SchemaDialect,
  isThere: (name: string) => Promise<boolean> = async () => false,
): Promise<void> {
  for (const statement of schema(dialect)) {
    const [, name = ''] = /IF NOT EXISTS (\w+)/.exec(statement) ?? []
    if (!(await isThere(name))) await database.query(statement)
  }
}

/** Makes the tables anew. Deleting rows would go on numbering entries where it was, and in Postgres take long. */
export async function clearTables(database: Database, dialect: SchemaDialect): Promise<void> {
  for (const table of ['aliases', 'entries', 'transfers', 'wallets']) await database.query(`DROP TABLE IF EXISTS ${table}`)
  await createTables(database, dialect)
}
