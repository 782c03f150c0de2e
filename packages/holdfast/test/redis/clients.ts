import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { fromIoredis, fromNodeRedis } from '../../src/stores/redis/index.ts'
import type { RedisCommand } from '../../src/stores/redis/index.ts'

/** A connected client behind the port, and how to end it. */
export interface OpenClient {
  readonly command: RedisCommand
  disconnect(): void
}

/** Connects ioredis with the options its adapter recommends. */
export async function openIoredis(url: string, commandTimeout = 2000): Promise<OpenClient & { readonly client: Redis }> {
  const client = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout,
    retryStrategy: () => 50,
  })
  client.on('error', () => undefined)
  await client.connect()
  return { client, command: fromIoredis(client), disconnect: () => client.disconnect() }
}

/** Connects node-redis with the options its adapter recommends. */
export async function openNodeRedis(url: string, socketTimeout = 2000): Promise<OpenClient> {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    pingInterval: Math.ceil(socketTimeout / 3),
    socket: { socketTimeout, reconnectStrategy: () => 50 },
  })
  client.on('error', () => undefined)
  await client.connect()
  return { command: fromNodeRedis(client), disconnect: () => client.destroy() }
}

/** A prefix that no other test has. */
export function uniquePrefix(): string {
  return `test:${randomUUID()}:`
}
