import type { Database } from './database.ts'

/** The ledger's tables. Only the counter of entries is written differently in the two dialects. */
const schema = (counter: string): readonly string[] => [
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
  `CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)`,
  `CREATE INDEX IF NOT EXISTS wallets_by_account ON wallets (account, created_at, id)`,
  `CREATE INDEX IF NOT EXISTS transfers_by_account ON transfers (account, created_at, id)`,
  `CREATE INDEX IF NOT EXISTS entries_by_wallet ON entries (wallet, seq)`,
]

/** The counter of entries in SQLite; without AUTOINCREMENT a number could be given twice. */
export const sqliteCounter = 'INTEGER PRIMARY KEY AUTOINCREMENT'

/** The counter of entries in Postgres. */
export const postgresCounter = 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY'

/** Makes the tables and indexes that are missing. `isThere` spares statements that would lock tables only to do nothing. */
export async function createTables(
  database: Database,
  counter: string,
  isThere: (name: string) => Promise<boolean> = async () => false,
): Promise<void> {
  for (const statement of schema(counter)) {
    const [, name = ''] = /IF NOT EXISTS (\w+)/.exec(statement) ?? []
    if (!(await isThere(name))) await database.query(statement)
  }
}

/** Makes the tables anew. Deleting rows would go on numbering entries where it was, and in Postgres take long. */
export async function clearTables(database: Database, counter: string): Promise<void> {
  for (const table of ['entries', 'transfers', 'wallets']) await database.query(`DROP TABLE IF EXISTS ${table}`)
  await createTables(database, counter)
}
