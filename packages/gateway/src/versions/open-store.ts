import type { VersionStore } from 'holdfast/versioning'
import { postgres } from 'holdfast/postgres'
import type { PostgresPool } from 'holdfast/postgres'
import { sqlite } from 'holdfast/sqlite'
import { existsSync } from 'node:fs'
import { CommandError, UsageError } from '../cli/io.ts'

/** A store while a command uses it. */
export interface OpenStore {
  readonly versions: VersionStore
  close(): Promise<void>
}

/** Opens the store of an API by its URL. The driver of Postgres is the API's own: it is loaded from where the command runs. */
export async function openStore(url: string): Promise<OpenStore> {
  if (url.startsWith('sqlite:')) {
    const path = url.slice('sqlite:'.length)
    if (!existsSync(path)) throw new CommandError(`${path} cannot be read: there is no such file`)
    const store = sqlite(path)
    return { versions: store.versions, close: () => store.close() }
  }
  if (!/^postgres(ql)?:\/\//.test(url))
    throw new UsageError(`--store: expected sqlite:PATH or postgres://..., got ${JSON.stringify(url.split('@').at(-1))}`)
  const pool = await openPool(url)
  const store = postgres(pool)
  return {
    versions: store.versions,
    async close() {
      await store.close()
      await pool.end()
    },
  }
}

async function openPool(connectionString: string): Promise<PostgresPool & { end(): Promise<void> }> {
  const driver = 'pg'
  const loaded = (await import(driver).catch(() => {
    throw new CommandError('the driver pg is not installed here; run npm install pg')
  })) as { default: { Pool: new (options: object) => PostgresPool & { end(): Promise<void> } } }
  return new loaded.default.Pool({ connectionString, max: 1 })
}
