import { fromIoredis, fromNodeRedis, redis } from 'holdfast/redis'
import type { RedisCommand } from 'holdfast/redis'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import type { Handler } from './handler.ts'
import type { Opened } from './open.ts'
import type { Guard, Storage } from './spec.ts'

type RedisStorage = Storage & { readonly url: string }

/** Redis through one of its two clients. */
export async function openRedis(storage: RedisStorage, guard: Guard, handler: Handler): Promise<Opened> {
  if (guard === 'bare') return { store: redis(() => Promise.resolve()), handler, guarantee: 'at-most-once' }
  const command = await connectTo(storage)
  return { store: redis(command), handler: guard === 'two-sets' ? withTwoSets(command, handler) : handler, guarantee: 'at-most-once' }
}

async function connectTo({ kind, url }: RedisStorage): Promise<RedisCommand> {
  if (kind === 'ioredis') return fromIoredis(new Redis(url, { autoResendUnfulfilledCommands: false, commandTimeout: 1_000 }))
  const client = createClient({ url, pingInterval: 1_000, socket: { socketTimeout: 3_000 } })
  await client.connect()
  return fromNodeRedis(client)
}

function withTwoSets(command: RedisCommand, handler: Handler): Handler {
  const value = 'x'.repeat(200)
  return async (transfer) => {
    const receipt = await handler(transfer)
    await command('SET', receipt.id, value, 'PX', '86400000', 'NX')
    await command('SET', receipt.id, value, 'PX', '86400000')
    return receipt
  }
}
