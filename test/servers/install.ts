import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { findBinary } from './binaries.ts'

/** A server the tests want, and how it is called where. */
export interface Wanted {
  readonly title: string
  readonly binaries: readonly string[]
  readonly debianPackage: string
}

export const postgresWanted: Wanted = { title: 'PostgreSQL', binaries: ['initdb'], debianPackage: 'postgresql' }
export const redisWanted: Wanted = { title: 'Redis', binaries: ['redis-server', 'valkey-server'], debianPackage: 'redis-server' }

/** What this machine allows. */
export interface Machine {
  readonly isRoot: boolean
  readonly hasApt: boolean
  readonly isCi: boolean
}

/** What to do about missing servers. */
export type Plan =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'install'; readonly packages: readonly string[] }
  | { readonly kind: 'skip'; readonly message: string }
  | { readonly kind: 'fail'; readonly message: string }

/** Decides: root on Debian installs, CI fails, everybody else goes on without. */
export function planFor(missing: readonly Wanted[], { isRoot, hasApt, isCi }: Machine): Plan {
  if (missing.length === 0) return { kind: 'nothing' }
  const packages = missing.map((wanted) => wanted.debianPackage)
  if (isRoot && hasApt) return { kind: 'install', packages }
  const titles = missing.map((wanted) => wanted.title).join(' and ')
  const advice = hasApt
    ? `sudo apt-get install --no-install-recommends ${packages.join(' ')}`
    : `put ${missing.map((wanted) => wanted.binaries.join(' or ')).join(' and ')} on PATH (macOS: brew install postgresql redis)`
  if (isCi) return { kind: 'fail', message: `${titles} not found, and CI is set, where every test must run. Install: ${advice}` }
  return { kind: 'skip', message: `${titles} not found: THE TESTS AGAINST IT ARE SKIPPED. To run them: ${advice}` }
}

/** Whether a server's program is on this machine. */
export function isInstalled(wanted: Wanted): boolean {
  return wanted.binaries.some((name) => findBinary(name) !== undefined)
}

/** Makes the servers available, or says loudly why they are not. Rejects in CI when one is missing. */
export async function ensureServersInstalled(): Promise<void> {
  const missing = [postgresWanted, redisWanted].filter((wanted) => !isInstalled(wanted))
  const machine = { isRoot: process.getuid?.() === 0, hasApt: existsSync('/usr/bin/apt-get'), isCi: isCi(process.env['CI']) }
  const plan = planFor(missing, machine)
  switch (plan.kind) {
    case 'nothing':
      return
    case 'install':
      return install(plan.packages)
    case 'skip':
      say(`\n*** ${plan.message}\n`)
      return
    case 'fail':
      throw new Error(plan.message)
  }
}

function isCi(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false'].includes(value)
}

const policyFile = '/usr/sbin/policy-rc.d'

async function install(packages: readonly string[]): Promise<void> {
  say(`installing ${packages.join(', ')} with apt-get, which may take a minute`)
  // Debian starts services on installation; the tests want the programs only. 101 is "not allowed" in policy-rc.d's protocol.
  const forbidsStart = !existsSync(policyFile)
  if (forbidsStart) await writeFile(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    await aptGet('update')
    await aptGet('install', '--yes', '--no-install-recommends', ...packages)
  } finally {
    if (forbidsStart) await rm(policyFile, { force: true })
  }
  say(`installed ${packages.join(', ')}`)
}

async function aptGet(...args: string[]): Promise<void> {
  const child = spawn('apt-get', ['-qq', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output: string[] = []
  child.stdout.on('data', (chunk) => output.push(String(chunk)))
  child.stderr.on('data', (chunk) => output.push(String(chunk)))
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
  if (code !== 0) throw new Error(`apt-get ${args.join(' ')} failed with ${String(code)}:\n${output.join('').slice(-3000)}`)
}

function say(line: string): void {
  process.stderr.write(`test servers: ${line}\n`)
}
