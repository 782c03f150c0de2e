import { HoldfastError, isHoldfastError, storeUnavailable } from '../../core/index.ts'
import type { RedisCommand } from './command.ts'
import type { Script } from './scripts.ts'

/** Runs a script in one round trip. */
export type RunScript = (script: Script, keys: readonly string[], args: readonly (string | Buffer)[]) => Promise<unknown>

/** The same, of arguments that are ready to be sent, how many keys there are first; `read` makes something of the reply. */
export type SendScript = <T>(script: Script, args: readonly (string | Buffer)[], read: (reply: unknown) => T) => Promise<T>

/** Makes a runner over a command function. */
export function createScriptRunner(command: RedisCommand): RunScript {
  const send = createScriptSender(command)
  return (script, keys, args) => send(script, [String(keys.length), ...keys, ...args], (reply) => reply)
}

/** Makes a sender over a command function. A call passes through one promise of ours: limits stand before every request. */
export function createScriptSender(command: RedisCommand): SendScript {
  async function sendAgain<T>(script: Script, args: readonly (string | Buffer)[], read: (reply: unknown) => T, error: unknown): Promise<T> {
    if (errorWord(error) !== 'NOSCRIPT') throw toStoreError(script.name, error)
    try {
      // The server forgets scripts when it restarts, and each node of a cluster learns them on its own. EVAL makes it remember.
      return read(await command('EVAL', script.source, ...args))
    } catch (failure) {
      throw toStoreError(script.name, failure)
    }
  }

  return function sendScript(script, args, read) {
    try {
      return command('EVALSHA', script.digest, ...args).then(read, (error: unknown) => sendAgain(script, args, read, error))
    } catch (error) {
      return Promise.reject(toStoreError(script.name, error))
    }
  }
}

/** What a failed command means to the caller. Whatever the cause, nothing may run without the store, so all but misuse is `store-unavailable`. */
export function toStoreError(operation: string, error: unknown): HoldfastError {
  if (isHoldfastError(error)) return error
  const word = errorWord(error)
  if (word === 'CROSSSLOT')
    return new HoldfastError(
      'configuration-invalid',
      "a quota on a Redis Cluster needs all keys of the store in one slot: put a hash tag into the prefix, such as prefix: '{holdfast}:'",
      { cause: error },
    )
  return storeUnavailable(`Redis did not carry out ${operation}${word === '' ? '' : ` (${word})`}`, error)
}

/** Whether a cluster refused a script because its keys lie in several slots. */
export function isCrossSlot(error: unknown): boolean {
  return isHoldfastError(error) ? isCrossSlot(error.cause) : errorWord(error) === 'CROSSSLOT'
}

/** The word a Redis error begins with (`READONLY`), or the code of a socket error (`ECONNREFUSED`). */
function errorWord(error: unknown): string {
  if (!(error instanceof Error)) return ''
  const [word = ''] = /^[A-Z]{2,}\b/.exec(error.message) ?? []
  const { code } = error as { code?: unknown }
  return word === '' && typeof code === 'string' ? code : word
}
