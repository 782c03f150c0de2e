import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** What a process came to. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A process of ours: known by its pid, and ended with the test run. */
export interface TestProcess {
  /** Resolves when it has ended and all its output is here. */
  readonly ended: Promise<Ended>
  /** Waits for a line of its output and gives the match; rejects when the process ends without it. */
  says(line: RegExp): Promise<RegExpExecArray>
  kill(signal: NodeJS.Signals): void
  output(): string
}

/** Most of a start is reading TypeScript; what one process has made of it the next ones need not make again. */
const compileCache = fileURLToPath(new URL('../../../../../node_modules/.cache/holdfast-chaos', import.meta.url))

const running = new Set<TestProcess>()
// A test run that is interrupted must leave nobody behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts a program under the Node that runs the tests. */
export function startProcess(
  program: URL,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): TestProcess {
  const child = spawn(process.execPath, ['--no-warnings', '--conditions=@holdfast/source', program.pathname, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: compileCache, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  // Kept open: it closes when this process is gone, and the child sees it.
  child.stdin.on('error', () => undefined)
  let output = ''
  let waiters: (() => void)[] = []
  const note = (chunk: Buffer): void => {
    output += chunk.toString()
    const woken = waiters
    waiters = []
    for (const wake of woken) wake()
  }
  child.stdout.on('data', note)
  child.stderr.on('data', note)
  const ended = once(child, 'close').then(([code, signal]): Ended => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }))

  const started: TestProcess = {
    ended,
    async says(line) {
      for (;;) {
        const found = line.exec(output)
        if (found !== null) return found
        const more = new Promise<boolean>((resolve) => waiters.push(() => resolve(true)))
        const isOver = ended.then(() => false)
        if (!(await Promise.race([more, isOver])) && !line.test(output))
          throw new Error(`the process ended without saying ${String(line)}:\n${output}`)
      }
    },
    kill: (signal) => void child.kill(signal),
    output: () => output,
  }
  running.add(started)
  void ended.then(() => running.delete(started))
  return started
}

/** SIGKILL, also to one that is stopped, and waits until it is gone. */
export async function endProcess(started: TestProcess): Promise<void> {
  started.kill('SIGKILL')
  await started.ended
}
