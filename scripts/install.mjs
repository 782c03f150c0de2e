// These scripts are plain JavaScript: npm starts them with the machine's Node, before Node 24 is installed.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
const modules = join(root, 'node_modules')
const oldestMajor = 24

/** The Node that runs everything but these scripts; the devDependency `node` brings it. */
export const node = join(modules, '.bin', process.platform === 'win32' ? 'node.cmd' : 'node')

/** Installs what the lockfile says when node_modules differs from it, and checks the Node it brings. Throws with what to do. */
export function ensureInstalled() {
  ensurePackages(root)
  const problem = problemWith(nodeVersion())
  if (problem !== undefined) throw new Error(problem)
}

/**
 * Installs what the lockfile of a folder says when its node_modules differs from it.
 *
 * @param {string} folder
 */
export function ensurePackages(folder) {
  const reason = staleBecause(readJson(join(folder, 'package-lock.json')), readJson(join(folder, 'node_modules', '.package-lock.json')))
  if (reason !== undefined) install(folder, reason)
}

/**
 * Why node_modules must be installed again, or `undefined`. Compares contents: a git checkout makes the lockfile newer without a change.
 *
 * @param {{ packages: Record<string, { version?: string, optional?: boolean, link?: boolean }> } | undefined} wanted package-lock.json
 * @param {typeof wanted} installed the copy npm leaves in node_modules when it has finished
 */
export function staleBecause(wanted, installed) {
  if (wanted === undefined) return 'there is no package-lock.json'
  if (installed === undefined) return 'node_modules is missing or incomplete'
  for (const [path, entry] of Object.entries(wanted.packages)) {
    if (!path.includes('node_modules/')) continue
    const found = installed.packages[path]
    // Packages for other platforms are in the lockfile only.
    if (found === undefined && entry.optional) continue
    if (found === undefined) return `${path} is not installed`
    if (!entry.link && found.version !== entry.version) return `${path} is ${found.version}, the lockfile says ${entry.version}`
  }
  return undefined
}

/**
 * What is wrong with the installed Node and what to do, or `undefined`.
 *
 * @param {string | undefined} version of node_modules/.bin/node
 */
export function problemWith(version) {
  const major = Number(version?.split('.')[0])
  if (major >= oldestMajor) return undefined
  const found = version === undefined ? 'does not run' : `is Node ${version}`
  return (
    `node_modules/.bin/node ${found}; Node ${oldestMajor} or newer is needed. ` +
    'It comes with the devDependency "node", whose install script does not run under --ignore-scripts or ignore-scripts=true in .npmrc. ' +
    'Run: npm ci --ignore-scripts=false'
  )
}

/**
 * The environment in which `#!/usr/bin/env node` and the tools of node_modules are the right ones.
 *
 * @param {Record<string, string | undefined>} [extra]
 */
export function toolEnvironment(extra = {}) {
  return { ...process.env, PATH: [join(modules, '.bin'), process.env.PATH].filter(Boolean).join(delimiter), ...extra }
}

function install(folder, reason) {
  process.stderr.write(`installing packages: ${reason} (npm ci)\n`)
  // npm removes node_modules first, so neither it nor its install scripts may run on the Node in there.
  const outside = (process.env.PATH ?? '').split(delimiter).filter((folder) => !resolve(folder).startsWith(modules))
  // Warnings would say that the tools want a newer Node than npm runs on: they get one.
  const { status, error } = spawnSync('npm', ['ci', '--loglevel=error'], {
    cwd: folder,
    env: { ...process.env, PATH: outside.join(delimiter) },
    // Standard output belongs to the program that is started afterwards.
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (error !== undefined) throw new Error(`npm could not be started (${error.message}); install npm, then run: npm ci`)
  if (status !== 0) throw new Error(`npm ci failed with exit code ${status}; its messages above say why. Repair that, then run: npm ci`)
}

function nodeVersion() {
  if (!existsSync(node)) return undefined
  try {
    return execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return undefined
  }
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}
