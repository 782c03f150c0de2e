import { execFile } from 'node:child_process'
import { chown, mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { findBinary } from './binaries.ts'
import { startReaper } from './reaper.ts'
import { runServer, type RunningServer } from './server.ts'

export type { RunningServer } from './server.ts'

/** How a test's Postgres differs from the usual one. */
export interface PostgresOptions {
  /** Syncs every commit to disk. Not needed for kill -9 of the server: what it wrote is in the kernel then. Default: false. */
  readonly durable?: boolean
  /** Server settings by name: `{ max_connections: '20' }`. */
  readonly settings?: Readonly<Record<string, string>>
}

interface User {
  readonly uid: number
  readonly gid: number
}

const run = promisify(execFile)
// Worker processes of a test run find the template of the main process here: copying takes a fraction of initdb's second.
const templateVariable = 'HOLDFAST_TEST_POSTGRES_TEMPLATE'
let template: Promise<string> | undefined

/**
 * Starts a private Postgres on a free loopback port; everybody on 127.0.0.1 is the superuser `postgres`.
 *
 * @example
 * const server = await startPostgres()
 * const pool = new pg.Pool({ connectionString: server.url })
 */
export async function startPostgres({ durable = false, settings = {} }: PostgresOptions = {}): Promise<RunningServer> {
  const user = await serverUser()
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-postgres-'))
  const data = join(folder, 'data')
  if (user !== undefined) await chown(folder, user.uid, user.gid)
  await run('cp', ['-a', await sharedTemplate(user), data])
  const all = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '32MB',
    jit: 'off',
    lc_messages: 'C',
    // Synchronous commit stays on: without it a killed server loses commits it has acknowledged.
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
    ...settings,
  }
  return runServer({
    name: 'Postgres',
    folder,
    command: binary('postgres'),
    args: (port) => ['-D', data, '-p', String(port), ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    url: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
    user,
    isReady: (pid) => isReady(data, pid),
    stopSignal: 'SIGINT',
    reapSignal: 'QUIT',
  })
}

/** Where pg_ctl looks, too: line 1 of postmaster.pid is the process, line 8 its state. */
async function isReady(data: string, pid: number): Promise<boolean> {
  const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
  return lines[0] === String(pid) && lines[7]?.trim() === 'ready'
}

async function sharedTemplate(user: User | undefined): Promise<string> {
  template ??= makeTemplate(user)
  return process.env[templateVariable] ?? template
}

async function makeTemplate(user: User | undefined): Promise<string> {
  const inherited = process.env[templateVariable]
  if (inherited !== undefined) return inherited
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-postgres-template-'))
  startReaper(folder, 'KILL')
  if (user !== undefined) await chown(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  // One megabyte of WAL instead of sixteen makes every copy cheaper.
  const options = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync', '--wal-segsize=1']
  await run(binary('initdb'), [...options, '-D', data], { ...user, cwd: folder })
  process.env[templateVariable] = data
  return data
}

/** Postgres refuses to run as root; Debian's package brings a user for it. */
async function serverUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  const account = accounts.find(([name]) => name === 'postgres') ?? accounts.find(([name]) => name === 'nobody')
  if (account === undefined) throw new Error('Postgres does not run as root and there is no user "postgres" or "nobody" to run it as')
  return { uid: Number(account[2]), gid: Number(account[3]) }
}

/** initdb and postgres must be of one version: the second is taken from beside the first. */
function binary(name: 'initdb' | 'postgres'): string {
  const initdb = findBinary('initdb')
  if (initdb === undefined) throw new Error('Postgres is not installed: neither PATH nor /usr/lib/postgresql/*/bin has initdb')
  return name === 'initdb' ? initdb : join(dirname(initdb), name)
}
