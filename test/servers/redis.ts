import { mkdtemp } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findBinary } from './binaries.ts'
import { runServer, type RunningServer } from './server.ts'

export type { RunningServer } from './server.ts'

/** How a test's Redis differs from the usual one. */
export interface RedisOptions {
  /** Keeps the data over `kill` and `restart`: append-only file, synced at every write. Default: false. */
  readonly appendonly?: boolean
  /** Server settings by name: `{ maxmemory: '10mb' }`. */
  readonly settings?: Readonly<Record<string, string>>
}

/**
 * Starts a private Redis (or Valkey) on a free loopback port.
 *
 * @example
 * const server = await startRedis()
 * const redis = new Redis(server.url)
 */
export async function startRedis({ appendonly = false, settings = {} }: RedisOptions = {}): Promise<RunningServer> {
  const command = findBinary('redis-server') ?? findBinary('valkey-server')
  if (command === undefined) throw new Error('Redis is not installed: PATH has neither redis-server nor valkey-server')
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-redis-'))
  const all = {
    bind: '127.0.0.1',
    dir: folder,
    save: '',
    appendonly: appendonly ? 'yes' : 'no',
    appendfsync: 'always',
    'maxmemory-policy': 'noeviction',
    ...settings,
  }
  return runServer({
    name: 'Redis',
    folder,
    command,
    args: (port) => ['--port', String(port), ...Object.entries(all).flatMap(([name, value]) => [`--${name}`, value])],
    url: (port) => `redis://127.0.0.1:${port}`,
    user: undefined,
    isReady: (_pid, port) => answersPing(port),
    stopSignal: 'SIGTERM',
    reapSignal: 'KILL',
  })
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.once('data', (answer) => socket.destroy() && resolve(answer.toString().startsWith('+PONG')))
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}
