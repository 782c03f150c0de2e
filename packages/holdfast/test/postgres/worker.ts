import pg from 'pg'
import { postgres } from '../../src/stores/postgres/index.ts'
import { callUntilAnswered } from './support.ts'
import type { PostgresClient } from '../../src/stores/postgres/index.ts'

// One of several server processes: makes the schema like all the others, then sends every key and tells how often its handler ran.
const [url = '', schema = '', table = '', keys = '0'] = process.argv.slice(2)
const pool = new pg.Pool({ connectionString: url, max: 5 })
const store = postgres(pool, { schema })

const calls = Array.from({ length: Number(keys) }, (_, key) =>
  callUntilAnswered(store.idempotency, `key-${key}`, async ({ transaction }) => {
    await (transaction as PostgresClient).query(`INSERT INTO ${table} VALUES ($1)`, [`key-${key}`])
    return { commit: Buffer.from(`${process.pid}`), retentionMs: 3_600_000 }
  }),
)
await Promise.all(calls)
await pool.end()
process.stdout.write('done\n')
