import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const main = new URL('../../src/main.ts', import.meta.url).pathname

/** What a process came to. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A ledger in a process of its own. */
export interface LedgerProcess {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  stdout(): string
  stderr(): string
  /** The URL of its `ledger ready` line; rejects when it ends without one. */
  readonly ready: Promise<string>
}

/** Starts the ledger as users do. */
export function spawnLedger(cwd: string, flags: readonly string[], environment: Readonly<Record<string, string>> = {}): LedgerProcess {
  const child = spawn(process.execPath, ['--conditions=@holdfast/source', main, ...flags], {
    cwd,
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const ended = once(child, 'close').then(([code, signal]): Ended => ({ code, signal }))
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      stdout += chunk
      const [, url] = /^ledger ready (\S+)$/m.exec(stdout) ?? []
      if (url !== undefined) resolve(url)
    })
    void ended.then(() => reject(new Error(`the ledger ended: ${stderr}`)))
  })
  ready.catch(() => undefined)
  return { child, ended, ready, stdout: () => stdout, stderr: () => stderr }
}

/** Runs a test in a directory of its own, and ends the processes it started there. */
export async function inFolder(
  test: (
    start: (flags: readonly string[], environment?: Readonly<Record<string, string>>) => LedgerProcess,
    folder: string,
  ) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ledger-'))
  const started: LedgerProcess[] = []
  try {
    await test((flags, environment) => {
      const ledger = spawnLedger(folder, flags, environment)
      started.push(ledger)
      return ledger
    }, folder)
  } finally {
    for (const { child } of started) child.kill('SIGKILL')
    await Promise.all(started.map(({ ended }) => ended))
    await rm(folder, { recursive: true, force: true })
  }
}
