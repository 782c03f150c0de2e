import type { RedisCommand } from './command.ts'

/** What is used of an ioredis client: `Redis` and `Cluster` both have it. */
export interface IoredisClient {
  callBuffer(name: string, ...args: (string | Buffer)[]): Promise<unknown>
}

/** Tells node-redis to hand out bulk strings as they came, and to set no time limit of its own. */
export interface NodeRedisOptions {
  readonly typeMapping: { readonly 36: typeof Buffer }
  readonly timeout: 0
}

/** What is used of a node-redis client: `createClient()`, or a pool of them. */
export interface NodeRedisClient {
  /** Whether commands can be written; a pool does not say. */
  readonly isReady?: boolean
  sendCommand(args: (string | Buffer)[], options: NodeRedisOptions): Promise<unknown>
}

/** What is used of a node-redis cluster client: `createCluster()`. */
export interface NodeRedisCluster {
  sendCommand(
    firstKey: string | Buffer | undefined,
    isReadonly: boolean | undefined,
    args: (string | Buffer)[],
    options: NodeRedisOptions,
  ): Promise<unknown>
}

// 36 is '$', the type byte of a bulk string in the protocol, by which node-redis names its types. Its own time limit ends when a command is
// written, which is no help, and keeps a signal and a timer for each command until it would have run out.
const options: NodeRedisOptions = { typeMapping: { 36: Buffer }, timeout: 0 }

/**
 * Makes a command function from an ioredis client or cluster.
 *
 * By default ioredis queues commands while it is disconnected, and sends unanswered ones again when it is back: a claim whose
 * caller has long given up would then take the key. Make the client with
 * `{ enableOfflineQueue: false, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0, commandTimeout: 1000 }`.
 * For a `Cluster` they go into its `redisOptions`, and `enableOfflineQueue: false` beside them as well.
 *
 * @example
 * const client = new Redis('redis://127.0.0.1:6379', { enableOfflineQueue: false, autoResendUnfulfilledCommands: false, commandTimeout: 1000 })
 * const store = redis(fromIoredis(client))
 */
export function fromIoredis(client: IoredisClient): RedisCommand {
  return (name, ...args) => client.callBuffer(name, ...args)
}

/**
 * Makes a command function from a node-redis client or pool.
 *
 * By default node-redis queues commands while it is disconnected, and waits for ever for the reply to one it has sent. Make the client
 * with `{ disableOfflineQueue: true, pingInterval: 1000, socket: { socketTimeout: 3000 } }`: its own `timeout` of a command ends when
 * the command is written, so only a silent socket tells that the server hangs.
 *
 * @example
 * const client = createClient({ disableOfflineQueue: true, pingInterval: 1000, socket: { socketTimeout: 3000 } })
 * await client.connect()
 * const store = redis(fromNodeRedis(client))
 */
export function fromNodeRedis(client: NodeRedisClient): RedisCommand {
  return (...args) =>
    client.isReady === false
      ? Promise.reject(new Error('the client is not connected, and a command that waits for that would come too late'))
      : client.sendCommand(args, options)
}

/**
 * Makes a command function from a node-redis cluster client. Give the options of {@link fromNodeRedis} as its `defaults`.
 *
 * @example
 * const cluster = createCluster({ rootNodes: [{ url: 'redis://127.0.0.1:7000' }], defaults: { disableOfflineQueue: true } })
 * await cluster.connect()
 * const store = redis(fromNodeRedisCluster(cluster))
 */
export function fromNodeRedisCluster(cluster: NodeRedisCluster): RedisCommand {
  return (...args) => cluster.sendCommand(firstKeyOf(args), false, args, options)
}

/** Only scripts have keys here: `EVALSHA digest count key ...`. */
function firstKeyOf(args: readonly (string | Buffer)[]): string | Buffer | undefined {
  return args[0] === 'EVALSHA' || args[0] === 'EVAL' ? args[3] : undefined
}
