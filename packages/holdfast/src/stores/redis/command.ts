/**
 * Sends one command to Redis and resolves with its reply. Values may be binary, so replies must come as `Buffer`s: a client that
 * decodes them to text destroys a recorded answer. Arguments are strings and `Buffer`s, the two kinds every driver takes.
 *
 * A Redis Cluster client sends the command to the node that has its keys, which `EVALSHA` and `EVAL` name after their count.
 *
 * @example
 * const command: RedisCommand = (name, ...args) => client.callBuffer(name, ...args)
 */
export type RedisCommand = (name: string, ...args: (string | Buffer)[]) => Promise<unknown>

/**
 * A command function that carries text only, as many libraries ask for. Works with `encoding: 'base64'`.
 *
 * @example
 * const command: RedisTextCommand = (...args) => client.sendCommand(args)
 */
export type RedisTextCommand = (name: string, ...args: string[]) => Promise<unknown>
