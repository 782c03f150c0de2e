import { HoldfastError, isHoldfastError, storeUnavailable } from '../../core/index.ts'
import type { RedisCommand } from './command.ts'
import type { Script } from './scripts.ts'

/** Runs a script in one round trip. */
export type RunScript = (script: Script, keys: readonly string[], args: readonly (string | Buffer)[]) => Promise<unknown>

/** Makes a runner over a command function. */
export function createScriptRunner(command: RedisCommand): RunScript {
  return async function runScript(script, keys, args) {
    const rest = [String(keys.length), ...keys, ...args]
    try {
      return await command('EVALSHA', script.digest, ...rest)
    } catch (error) {
      if (errorWord(error) !== 'NOSCRIPT') throw toStoreError(script.name, error)
    }
    try {
      // The server forgets scripts when it restarts, and each node of a cluster learns them on its own. EVAL makes it remember.
      return await command('EVAL', script.source, ...rest)
    } catch (error) {
      throw toStoreError(script.name, error)
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
