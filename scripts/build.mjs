// npm run build, also before every npm pack: dist holds what the sources say and nothing else
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root, toolEnvironment } from './install.mjs'

for (const name of readdirSync(join(root, 'packages'))) {
  const folder = join(root, 'packages', name)
  // tsc leaves the output of deleted sources behind, and npm would pack it.
  rmSync(join(folder, 'dist'), { recursive: true, force: true })
  for (const file of ['README.md', 'LICENSE']) if (existsSync(join(root, file))) copyFileSync(join(root, file), join(folder, file))
}
const { status } = spawnSync('tsc', ['-b'], { cwd: root, env: toolEnvironment(), stdio: 'inherit' })
process.exitCode = status ?? 1
