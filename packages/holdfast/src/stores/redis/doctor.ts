import type { Clock } from '../../core/index.ts'
import type { Finding } from '../../idempotency/store.ts'
import { toNumber, toText } from './codec.ts'
import type { RedisCommand } from './command.ts'
import { toStoreError } from './script-runner.ts'

// INFO's `name:value` lines, whatever section they are in.
type ServerInfo = ReadonlyMap<string, string>

// Keys say when they were made by the clock of whoever made them; a server off by more than this turns fresh keys away.
const tolerableSkewMs = 1000

const oldestVersion = [6, 2] as const

const error = (code: string, message: string): Finding => ({ severity: 'error', code, message })
const warning = (code: string, message: string): Finding => ({ severity: 'warning', code, message })

/**
 * Looks at the server that answers for settings that break a promise. In a cluster that is one node of several.
 *
 * @param replicas how many replicas every write waits for
 */
export async function examine(command: RedisCommand, replicas: number, clock: Clock): Promise<readonly Finding[]> {
  const ask = async <T>(name: string, ...args: string[]): Promise<T | undefined> => {
    try {
      return (await command(name, ...args)) as T
    } catch (cause) {
      if (isForbidden(cause)) return undefined
      throw toStoreError(name, cause)
    }
  }
  const skewMs = await clockSkew(ask, clock)
  const reply = await ask('INFO')
  if (reply === undefined) return [notChecked('INFO'), ...checkSkew(skewMs)]
  const info = parseInfo(toText(reply))
  const findings = [...checkServer(info), ...checkEviction(info), ...checkReplication(info, replicas), ...checkSkew(skewMs)]
  if (info.get('aof_enabled') !== '1') return [...findings, forgetsOnRestart(info)]
  const appendfsync = settingOf(await ask('CONFIG', 'GET', 'appendfsync'))
  return [...findings, ...checkSync(appendfsync)]
}

type Ask = (name: string, ...args: string[]) => Promise<unknown>

/** How far the server's clock is ahead of ours; what the round trip makes uncertain counts as nothing. */
async function clockSkew(ask: Ask, clock: Clock): Promise<number> {
  const before = clock.now()
  const reply = (await ask('TIME')) as readonly unknown[] | undefined
  const after = clock.now()
  if (reply === undefined) return 0
  const server = (toNumber(reply[0]) ?? 0) * 1000 + (toNumber(reply[1]) ?? 0) / 1000
  if (server > after) return server - after
  return server < before ? server - before : 0
}

function checkSkew(skewMs: number): Finding[] {
  if (Math.abs(skewMs) <= tolerableSkewMs) return []
  const direction = skewMs > 0 ? 'ahead of' : 'behind'
  return [
    warning(
      'redis-clock-skew',
      `the server's clock is ${Math.round(Math.abs(skewMs))} ms ${direction} this machine's: keys that carry their own time may be refused early or late. Synchronise both.`,
    ),
  ]
}

function checkServer(info: ServerInfo): Finding[] {
  const version = info.get('valkey_version') ?? info.get('redis_version') ?? ''
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const tooOld = major < oldestVersion[0] || (major === oldestVersion[0] && minor < oldestVersion[1])
  return tooOld
    ? [warning('redis-too-old', `the server is version ${version}; this store is tested with ${oldestVersion.join('.')} and later`)]
    : []
}

function checkEviction(info: ServerInfo): Finding[] {
  const policy = info.get('maxmemory_policy')
  if (policy === undefined || policy === 'noeviction') return []
  if (info.get('maxmemory') === '0')
    return [
      warning(
        'redis-evicts-keys',
        `maxmemory-policy is ${policy}: as soon as maxmemory is set, records are dropped and calls run twice. Set maxmemory-policy noeviction.`,
      ),
    ]
  return [
    error(
      'redis-evicts-keys',
      `maxmemory-policy is ${policy}: under memory pressure records are dropped and calls run twice. Set maxmemory-policy noeviction, or use a server of its own.`,
    ),
  ]
}

function checkReplication(info: ServerInfo, replicas: number): Finding[] {
  if (info.get('role') !== 'master')
    return [error('redis-is-replica', 'this is a replica: it answers from stale data and takes no claims. Connect to the primary.')]
  const connected = Number(info.get('connected_slaves') ?? 0)
  if (connected >= replicas) return []
  return [
    error('redis-lacks-replicas', `waitReplicas asks for ${replicas} and ${connected} are connected: every claim fails until more are`),
  ]
}

function forgetsOnRestart(info: ServerInfo): Finding {
  const lost = 'a restart forgets records, and a call repeated after it runs again. Set appendonly yes.'
  // A failover then keeps what a restart of one server would lose; managed services often rely on that alone.
  if (Number(info.get('connected_slaves') ?? 0) > 0)
    return warning('redis-forgets-on-restart', `appendonly is no: unless a replica takes over, ${lost}`)
  return error('redis-forgets-on-restart', `appendonly is no: ${lost}`)
}

function checkSync(appendfsync: string | undefined): Finding[] {
  if (appendfsync === undefined) return [notChecked('CONFIG GET appendfsync')]
  if (appendfsync === 'always') return []
  const span = appendfsync === 'everysec' ? 'the last second' : 'the last half minute or so'
  return [
    warning(
      'redis-syncs-late',
      `appendfsync is ${appendfsync}: a power cut forgets ${span} of records, and calls repeated after it run again. Set appendfsync always where that matters.`,
    ),
  ]
}

function notChecked(name: string): Finding {
  return warning(
    'redis-not-checked',
    `the server does not allow ${name}, so its settings could not be checked: see to maxmemory-policy noeviction and appendonly yes, and ask your provider about appendfsync`,
  )
}

/** Managed services forbid CONFIG with NOPERM, or rename it away and call it unknown. */
function isForbidden(cause: unknown): boolean {
  return cause instanceof Error && /^NOPERM|unknown command|not allowed|not supported/i.test(cause.message)
}

function parseInfo(text: string): ServerInfo {
  const lines = text.split(/\r?\n/).filter((line) => line.includes(':'))
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]))
}

/** The value in a reply of CONFIG GET: a list of pairs, or with RESP3 a map. */
function settingOf(reply: unknown): string | undefined {
  const values = Array.isArray(reply) ? reply.slice(1) : reply instanceof Map ? [...reply.values()] : Object.values(reply ?? {})
  return values.length === 0 ? undefined : toText(values[0])
}
