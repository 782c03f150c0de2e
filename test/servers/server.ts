import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startReaper } from './reaper.ts'

/** A real server that belongs to this process: it ends with it, also when it crashes. */
export interface RunningServer {
  readonly url: string
  readonly port: number
  /** Of the process running now; another one after `restart`. */
  readonly pid: number
  /** Ends it in an orderly way. Its data stays for `restart` until this process ends. */
  stop(): Promise<void>
  /** SIGKILL to it and its helper processes. */
  kill(): Promise<void>
  /** Starts it again on the same port and data; stops it first when it runs. */
  restart(): Promise<void>
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): Promise<void>
  /** SIGCONT after `pause`. */
  resume(): Promise<void>
}

/** What differs from one kind of server to the next. */
export interface ServerKind {
  readonly name: string
  readonly folder: string
  readonly command: string
  readonly args: (port: number) => readonly string[]
  readonly url: (port: number) => string
  /** Who it runs as; root's servers run as somebody else. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined
  /** Whether it takes calls. */
  readonly isReady: (pid: number, port: number) => Promise<boolean>
  readonly stopSignal: NodeJS.Signals
  readonly reapSignal: 'QUIT' | 'KILL'
}

const startLimitMs = 20_000
// Postgres waits for its helpers when it stops; a paused client cannot hold it longer than this.
const stopLimitMs = 5000

/** Starts a server and waits until it takes calls. */
export async function runServer(kind: ServerKind): Promise<RunningServer> {
  const reaper = startReaper(kind.folder, kind.reapSignal)
  let child: ChildProcess | undefined

  const launch = async (port: number): Promise<ChildProcess> => {
    const log = openSync(join(kind.folder, 'server.log'), 'a')
    const started = spawn(kind.command, kind.args(port), { ...kind.user, cwd: kind.folder, detached: true, stdio: ['ignore', log, log] })
    closeSync(log)
    started.unref()
    started.once('error', () => {})
    reaper.watch(started.pid)
    const deadline = Date.now() + startLimitMs
    while (started.pid === undefined || !(await kind.isReady(started.pid, port))) {
      if (started.pid === undefined || hasEnded(started) || Date.now() > deadline) {
        started.kill('SIGKILL')
        reaper.watch(undefined)
        throw new Error(`${kind.name} did not start on port ${port}; the end of its log:\n${logTail(kind.folder)}`)
      }
      await sleep(10)
    }
    return started
  }
  const running = (): ChildProcess & { readonly pid: number } => {
    if (child === undefined || child.pid === undefined || hasEnded(child))
      throw new Error(`${kind.name} is not running; call restart() first`)
    return child as ChildProcess & { readonly pid: number }
  }
  const signalAll = async (signal: NodeJS.Signals): Promise<void> => {
    const { pid } = running()
    // The parent first, or it would start new helpers between the two.
    signalOne(pid, signal)
    for (const helper of await helpersOf(pid)) signalOne(helper, signal)
  }
  const ended = async (process: ChildProcess, limitMs: number): Promise<boolean> => {
    const deadline = Date.now() + limitMs
    while (!hasEnded(process)) {
      if (Date.now() > deadline) return false
      await sleep(5)
    }
    reaper.watch(undefined)
    return true
  }
  const kill = async (): Promise<void> => {
    const process = running()
    // Stopped, it starts no new helpers while they are listed; gone, it could not be asked for them.
    signalOne(process.pid, 'SIGSTOP')
    const helpers = await helpersOf(process.pid)
    for (const pid of [process.pid, ...helpers]) signalOne(pid, 'SIGKILL')
    await ended(process, stopLimitMs)
    // Postgres refuses to start again while a helper still holds its shared memory.
    const deadline = Date.now() + stopLimitMs
    while ((await Promise.all(helpers.map(isRunning))).some(Boolean) && Date.now() < deadline) await sleep(2)
  }
  const stop = async (): Promise<void> => {
    if (child === undefined || hasEnded(child)) return
    await signalAll('SIGCONT')
    child.kill(kind.stopSignal)
    if (!(await ended(child, stopLimitMs))) await kill()
  }

  const { port, process } = await launchOnFreePort(launch).catch(async (error: unknown) => {
    await reaper.reap()
    throw error
  })
  child = process
  return {
    url: kind.url(port),
    port,
    get pid() {
      return running().pid
    },
    stop,
    kill,
    restart: async () => {
      await stop()
      child = await launch(port)
    },
    pause: () => signalAll('SIGSTOP'),
    resume: () => signalAll('SIGCONT'),
  }
}

/** Another process may take the port between its choice and its use: then another port is tried. */
async function launchOnFreePort(launch: (port: number) => Promise<ChildProcess>): Promise<{ port: number; process: ChildProcess }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    try {
      return { port, process: await launch(port) }
    } catch (error) {
      if (attempt === 3 || !/address already in use/i.test(String(error))) throw error
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => probe.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port on 127.0.0.1')
  return address.port
}

async function helpersOf(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return children.split(' ').filter(Boolean).map(Number)
}

/** Whether a process still has its memory: a zombie has given it back. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat !== '' && !/^.*\) [ZX] /s.test(stat)
}

function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    // It ended by itself in the meantime.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

function logTail(folder: string): string {
  try {
    return readFileSync(join(folder, 'server.log'), 'utf8').split('\n').slice(-20).join('\n')
  } catch {
    return '(no log)'
  }
}
