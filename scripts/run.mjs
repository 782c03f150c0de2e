// Runs a TypeScript program of this repository from its sources: node scripts/run.mjs bench/x.ts [arguments]
import { spawn } from 'node:child_process'
import { argv, env, exit, kill, pid, stdin } from 'node:process'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureInstalled, node, root, toolEnvironment } from './install.mjs'

/**
 * Installs what is missing, runs a program under Node 24 and ends as it ends. Standard output is the program's alone.
 *
 * @param {string} file from the repository's root
 * @param {string[]} args relative paths in them mean the folder in which the user called npm
 */
export function runSource(file, args) {
  try {
    ensureInstalled()
  } catch (error) {
    process.stderr.write(`${error.message}\n`)
    exit(1)
  }
  runProgram(file, args, ['--conditions=@holdfast/source'])
}

/**
 * The same when everything is installed.
 *
 * @param {string} file from the repository's root
 * @param {string[]} args
 * @param {string[]} nodeArgs
 */
export function runProgram(file, args, nodeArgs) {
  const child = spawn(node, [...nodeArgs, join(root, file), ...args], {
    cwd: env.INIT_CWD ?? process.cwd(),
    env: toolEnvironment(),
    stdio: 'inherit',
  })
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  // A terminal sends Ctrl-C to the program as well; twice would mean "do not wait".
  process.on('SIGINT', () => stdin.isTTY || child.kill('SIGINT'))
  // npm killed with SIGKILL must not leave its server behind. Without npm in between, nohup and the like are the user's wish.
  const parent = process.ppid
  if (env.npm_lifecycle_event !== undefined) setInterval(() => process.ppid === parent || child.kill('SIGTERM'), 200).unref()
  child.once('error', (error) => {
    process.stderr.write(`${node} could not be started: ${error.message}\n`)
    exit(1)
  })
  child.once('exit', (code, signal) => {
    if (signal === null) exit(code ?? 1)
    for (const name of ['SIGTERM', 'SIGHUP', 'SIGINT']) process.removeAllListeners(name)
    kill(pid, signal)
  })
}

if (argv[1] !== undefined && resolve(argv[1]) === fileURLToPath(import.meta.url)) {
  const [file, ...args] = argv.slice(2)
  if (file === undefined) {
    process.stderr.write('usage: node scripts/run.mjs FILE [arguments]\n')
    exit(2)
  }
  runSource(file, args)
}
