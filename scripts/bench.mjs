// npm run bench -- TOPIC [arguments]: bench has dependencies of its own, and measures the build that is shipped
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ensureInstalled, ensurePackages, root, toolEnvironment } from './install.mjs'
import { runProgram } from './run.mjs'

const bench = join(root, 'bench')
const topics = readdirSync(bench).filter((name) => existsSync(join(bench, name, 'main.ts')))
const [topic, ...args] = process.argv.slice(2)
const asksForHelp = topic === '--help' || topic === '-h'
if (topic === undefined || !topics.includes(topic)) {
  process.stderr.write(`npm run bench -- TOPIC [arguments]\n\nTopics: ${topics.join(', ')}; npm run bench -- TOPIC --help tells more\n`)
  process.exit(asksForHelp ? 0 : 2)
}

try {
  ensureInstalled()
  ensurePackages(bench)
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
}
if (!args.includes('--help') && !args.includes('-h')) build()
// Without the condition that names the sources, 'holdfast' is the build.
runProgram(join('bench', topic, 'main.ts'), args, [])

function build() {
  process.stderr.write('building the library\n')
  // Standard output belongs to the program.
  const { status } = spawnSync('tsc', ['-b'], { cwd: root, env: toolEnvironment(), stdio: ['ignore', 2, 2] })
  if (status !== 0) process.exit(status ?? 1)
}
