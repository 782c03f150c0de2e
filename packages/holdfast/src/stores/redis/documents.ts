import { configurationError } from '../../core/index.ts'
import type { DocumentStore } from '../../concurrency/store.ts'
import type { RedisCommand } from './command.ts'
import { createScriptRunner, toStoreError } from './script-runner.ts'
import { replaceDocumentScript } from './scripts.ts'

/** Options of {@link redisDocuments}. */
export interface RedisDocumentOptions {
  /**
   * What the name of every key begins with. All states come from one counter beside the documents, which a cluster has to keep in one slot: hence the hash tag.
   *
   * @default '{holdfast-documents}:'
   */
  readonly prefix?: string
}

/**
 * Keeps documents in Redis, each replaced by one script that compares and sets.
 *
 * Durable as far as the server is: one that restarts without its data forgets the counter too, and old tags may fit new documents. Keep an append-only file where that matters.
 *
 * @example
 * const documents = redisDocuments(fromIoredis(client))
 */
export function redisDocuments(command: RedisCommand, { prefix = '{holdfast-documents}:' }: RedisDocumentOptions = {}): DocumentStore {
  if (typeof command !== 'function')
    throw configurationError(`expected a command function, got ${typeof command}; make one with fromIoredis(client)`)
  if (typeof prefix !== 'string') throw configurationError(`expected prefix to be a string, got ${typeof prefix}`)
  const run = createScriptRunner(command)
  const keyOf = (id: string): string => `${prefix}document:${id}`
  return {
    name: 'redis',
    async read(id) {
      const found = (await command('HMGET', keyOf(id), 'state', 'text').catch((error: unknown) => {
        throw toStoreError('read', error)
      })) as [unknown, unknown]
      return found[0] === null ? undefined : { state: Number(String(found[0])), text: String(found[1]) }
    },
    async replace(id, from, text) {
      const keys = [keyOf(id), `${prefix}states`]
      const state = Number(
        await run(replaceDocumentScript, keys, [from === undefined ? '' : String(from), ...(text === undefined ? [] : [text])]),
      )
      return state === 0 ? undefined : state
    },
  }
}
