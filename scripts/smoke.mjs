// npm run smoke: packs the library, installs it in an empty folder, and makes real calls with it on every runtime
import { fork, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureInstalled, ensurePackages, node, root, toolEnvironment } from './install.mjs'

const smoke = join(root, 'smoke')
const tools = join(smoke, 'node_modules')
const denoFlags = ['run', '--allow-net', '--allow-env', '--allow-read', '--node-modules-dir=manual']
const runtimes = [
  { name: 'node22', title: 'Node 22', file: join(tools, 'node22', 'bin', 'node'), args: [] },
  { name: 'node24', title: 'Node 24', file: join(tools, 'node24', 'bin', 'node'), args: [] },
  { name: 'node26', title: 'Node 26', file: join(tools, 'node26', 'bin', 'node'), args: [] },
  { name: 'bun', title: 'Bun', file: join(tools, '.bin', 'bun'), args: ['run'] },
  { name: 'deno', title: 'Deno', file: join(tools, '.bin', 'deno'), args: denoFlags },
]

if (process.argv.slice(2).some((arg) => arg === '--help' || arg === '-h')) {
  process.stdout.write(`npm run smoke [-- RUNTIME ...]

Packs the library, installs the package in an empty folder, and makes real calls with its client on each runtime:
${runtimes.map(({ name }) => name).join(', ')}. A runtime that cannot be had counts as a failure.
`)
  process.exit(0)
}
const asked = process.argv.slice(2)
const stranger = asked.find((name) => !runtimes.some((runtime) => runtime.name === name))
if (stranger !== undefined) {
  process.stderr.write(`there is no runtime "${stranger}"; there are ${runtimes.map(({ name }) => name).join(', ')}\n`)
  process.exit(2)
}
process.exitCode = await main(asked.length === 0 ? runtimes : runtimes.filter(({ name }) => asked.includes(name)))

async function main(wanted) {
  ensureInstalled()
  try {
    ensurePackages(smoke)
  } catch (error) {
    // What is there can still be tried; what is not is reported below.
    process.stderr.write(`${error.message}\n`)
  }
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-smoke-'))
  try {
    installPacked(folder)
    const server = fork(join(folder, 'server.mjs'), { cwd: folder, execPath: node, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const ports = await new Promise((resolve, reject) => {
      server.once('message', resolve)
      server.once('exit', () => reject(new Error('the server of the smoke test did not start')))
    })
    const failed = wanted.filter((runtime) => !tryOn(runtime, folder, ports))
    server.disconnect()
    report(wanted, failed)
    return failed.length === 0 ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** As a user does, from the packed file. */
function installPacked(folder) {
  run('npm', ['pack', '--loglevel=error', '--pack-destination', folder], join(root, 'packages', 'holdfast'))
  const { version } = JSON.parse(run(node, ['-p', 'JSON.stringify(require("./package.json"))'], join(root, 'packages', 'holdfast')))
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  run('npm', ['install', '--loglevel=error', '--prefer-offline', '--no-package-lock', `./holdfast-${version}.tgz`], folder)
  for (const file of ['server.mjs', 'calls.mjs']) copyFileSync(join(smoke, file), join(folder, file))
}

/** Whether every call went as it should. */
function tryOn({ name, title, file, args }, folder, { port, closedPort }) {
  const version = existsSync(file) ? spawnSync(file, ['--version'], { encoding: 'utf8', env: toolEnvironment() }) : undefined
  if (version?.status !== 0) {
    process.stdout.write(
      `\n${title}: NOT RUN, it is not on this machine: ${file} ${version === undefined ? 'is missing' : 'does not start'}\n`,
    )
    return false
  }
  process.stdout.write(`\n${title} (${version.stdout.trim().split('\n')[0]})\n`)
  const call = [...args, 'calls.mjs', name, `http://127.0.0.1:${port}`, String(closedPort)]
  const { status } = spawnSync(file, call, {
    cwd: folder,
    env: toolEnvironment(),
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: 60_000,
  })
  return status === 0
}

function report(wanted, failed) {
  const fine = wanted.length - failed.length
  process.stdout.write(`\n${fine} of ${wanted.length} runtimes are fine\n`)
  if (failed.length > 0) process.stdout.write(`FAILED OR NOT RUN: ${failed.map(({ title }) => title).join(', ')}\n`)
}

function run(command, args, cwd) {
  const { status, stdout, error } = spawnSync(command, args, {
    cwd,
    env: toolEnvironment(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed with exit code ${status}; its messages are above`)
  return stdout
}
