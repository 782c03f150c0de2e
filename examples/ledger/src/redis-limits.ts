import { fromIoredis, redis } from 'holdfast/redis'
import { Redis } from 'ioredis'
import { atStart, notThere, withoutPassword } from './limits-store.ts'
import type { LimitsStore } from './limits-store.ts'

/** Limits forget who has used them up when their server drops keys, or answers from stale data. What else the doctor finds is about idempotency keys. */
const unsafe = ['redis-evicts-keys', 'redis-is-replica']

/** Keeps limits in Redis or Valkey. A command fails at once while the connection is down: Holdfast then decides without it. */
export async function openRedis(url: string): Promise<LimitsStore> {
  const client = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 3000,
    commandTimeout: 1000,
    retryStrategy: (times) => Math.min(50 * times, 1000),
  })
  let lastError: Error | undefined
  // Without a listener ioredis writes each failed attempt to connect to standard error.
  client.on('error', (error: Error) => (lastError = error))
  const store = redis(fromIoredis(client), { prefix: 'ledger:' })
  const close = async (): Promise<void> => {
    await store.close()
    client.disconnect()
  }
  try {
    await client.connect()
    // Makes the server learn the script, and shows that it may be written to.
    await store.limits.take(atStart)
    const findings = await store.idempotency.doctor()
    const found = findings.find(({ code, severity }) => unsafe.includes(code) && severity === 'error')
    if (found !== undefined) throw new Error(`${found.code}: ${found.message}`)
  } catch (error) {
    await close()
    throw notThere(withoutPassword(url), lastError ?? error)
  }
  return { store, close }
}
