import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { problemWith, staleBecause } from '../../scripts/install.mjs'
import { parseTestArguments } from '../../scripts/steps.mjs'
import { countTests, lastLine } from '../../scripts/summary.mjs'

const root = join(import.meta.dirname, '../..')

describe('staleBecause', () => {
  const locked = (version: string) => ({ packages: { '': {}, 'packages/own': {}, 'node_modules/a': { version } } })

  it('names the package that differs from the lockfile', () => {
    expect(staleBecause(locked('1.0.0'), locked('1.0.0'))).toBeUndefined()
    expect(staleBecause(locked('1.0.1'), locked('1.0.0'))).toBe('node_modules/a is 1.0.0, the lockfile says 1.0.1')
    expect(staleBecause(locked('1.0.0'), { packages: {} })).toBe('node_modules/a is not installed')
    expect(staleBecause(locked('1.0.0'), undefined)).toBe('node_modules is missing or incomplete')
  })

  it('does not miss packages that are for other platforms', () => {
    const wanted = { packages: { 'node_modules/b-win32': { version: '1.0.0', optional: true } } }
    expect(staleBecause(wanted, { packages: {} })).toBeUndefined()
  })
})

describe('problemWith', () => {
  it('accepts Node 24 and newer', () => {
    expect(problemWith('24.21.0')).toBeUndefined()
    expect(problemWith('26.0.0')).toBeUndefined()
  })

  it('says which Node was found and what to run', () => {
    expect(problemWith('20.20.2')).toMatch(/is Node 20\.20\.2; Node 24 or newer.*npm ci --ignore-scripts=false/)
    expect(problemWith(undefined)).toMatch(/does not run; Node 24 or newer/)
  })
})

describe('parseTestArguments', () => {
  it('keeps --only and hands the rest to vitest', () => {
    const parsed = parseTestArguments(['--only', 'lint,unit', 'src/core', '-t', 'name'])
    expect(parsed).toEqual({ help: false, problem: undefined, only: ['lint', 'unit'], vitestArgs: ['src/core', '-t', 'name'] })
  })

  it('refuses a step that does not exist', () => {
    expect(parseTestArguments(['--only=lnit']).problem).toMatch(/no step "lnit"; there are format, build, lint/)
  })
})

describe('the last line of npm test', () => {
  it('counts what vitest ran, and a file that does not load as one failure', () => {
    const testResults = [
      { status: 'failed', assertionResults: [] },
      { status: 'passed', assertionResults: [{}] },
    ]
    const counts = countTests({ numPassedTests: 3, numFailedTests: 1, numPendingTests: 2, testResults })
    expect(lastLine(counts)).toBe('3 passed, 2 failed, 2 skipped')
    expect(lastLine({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed')
  })
})

const program = `
  const [command, ...rest]: string[] = process.argv.slice(2)
  if (command === 'exit') process.exit(Number(rest[0]))
  if (command === 'show') console.log(JSON.stringify({ rest, cwd: process.cwd(), major: process.versions.node.split('.')[0] }))
  if (command === 'wait') {
    process.once('SIGTERM', () => { console.log('drained'); process.exit(0) })
    setInterval(() => {}, 1000)
    console.log('waiting')
  }`

// An npm that "installs" what the test calls for, and is noisy about it.
const fakeNpm = `#!/bin/sh
echo "npm called with $*"
mkdir -p node_modules/.bin
cp package-lock.json node_modules/.package-lock.json
ln -sf "$FAKE_NODE" node_modules/.bin/node
`

describe('scripts/run.mjs', () => {
  // A repository of its own, so that no npm ever touches the node_modules this test runs from.
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-run-'))
    await cp(join(root, 'scripts'), join(folder, 'scripts'), { recursive: true })
    await mkdir(join(folder, 'program'))
    await mkdir(join(folder, 'fake-bin'))
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    await writeFile(join(folder, 'package-lock.json'), '{ "packages": {} }')
    await writeFile(join(folder, 'program/main.ts'), program)
    await writeFile(join(folder, 'fake-bin/npm'), fakeNpm, { mode: 0o755 })
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const run = (args: readonly string[], environment: Record<string, string> = {}) =>
    spawn(process.execPath, [join(folder, 'scripts/run.mjs'), 'program/main.ts', ...args], {
      cwd: folder,
      env: {
        ...process.env,
        INIT_CWD: folder,
        PATH: `${join(folder, 'fake-bin')}:${process.env['PATH'] ?? ''}`,
        FAKE_NODE: process.execPath,
        ...environment,
      },
    })
  const finished = async (child: ReturnType<typeof run>) => {
    const output = { stdout: '', stderr: '' }
    child.stdout.on('data', (chunk) => (output.stdout += String(chunk)))
    child.stderr.on('data', (chunk) => (output.stderr += String(chunk)))
    const code = await new Promise((resolve) => child.once('close', resolve))
    return { code, ...output }
  }

  it('says what to do when the install did not bring Node 24', async () => {
    const { code, stdout, stderr } = await finished(run(['show'], { FAKE_NODE: '/bin/false' }))
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/Node 24 or newer is needed.*Run: npm ci --ignore-scripts=false/)
    await rm(join(folder, 'node_modules'), { recursive: true })
  })

  it('installs once, and keeps the noise of it from standard output', async () => {
    const first = await finished(run(['show']))
    expect(first.stdout).toMatch(/^\{.*\}\n$/)
    expect(first.stderr).toMatch(/installing packages: node_modules is missing.*npm called with ci/s)
    expect((await finished(run(['show']))).stderr).toBe('')
  })

  it('installs again when the lockfile has changed', async () => {
    await writeFile(join(folder, 'package-lock.json'), '{ "packages": { "node_modules/new": { "version": "1.0.0" } } }')
    expect((await finished(run(['show']))).stderr).toMatch(/node_modules\/new is not installed/)
  })

  it('runs the program in the folder of the user, on Node 24', async () => {
    const { stdout } = await finished(run(['show', '--flag', 'two words'], { INIT_CWD: join(folder, 'program') }))
    const { rest, cwd, major } = JSON.parse(stdout) as { rest: string[]; cwd: string; major: string }
    expect(rest).toEqual(['--flag', 'two words'])
    expect(cwd).toMatch(/program$/)
    expect(Number(major)).toBeGreaterThanOrEqual(24)
  })

  it('ends with the exit code of the program', async () => {
    expect((await finished(run(['exit', '7']))).code).toBe(7)
  })

  it('passes SIGTERM on and waits for the program to drain', async () => {
    const child = run(['wait'])
    child.stdout.once('data', () => child.kill('SIGTERM'))
    expect(await finished(child)).toEqual({ code: 0, stdout: 'waiting\ndrained\n', stderr: '' })
  })

  it('ends the program when npm was killed', async () => {
    const command = `"${process.execPath}" "${join(folder, 'scripts/run.mjs')}" program/main.ts wait; :`
    const shell = spawn('sh', ['-c', command], { cwd: folder, env: { ...process.env, INIT_CWD: folder, npm_lifecycle_event: 'start' } })
    shell.stdout.once('data', () => shell.kill('SIGKILL'))
    expect((await finished(shell)).stdout).toBe('waiting\ndrained\n')
  })

  it('ends by the signal that ended the program', async () => {
    const child = run(['wait'])
    child.stdout.once('data', () => child.kill('SIGHUP'))
    const signal = await new Promise((resolve) => child.once('exit', (_code, name) => resolve(name)))
    expect(signal).toBe('SIGHUP')
  })
})
