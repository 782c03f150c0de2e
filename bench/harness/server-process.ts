import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'

/** Questions wait for one another: a server answers in order. */
export interface ServerProcess {
  /** What the process said when it was ready. */
  readonly ready: unknown
  ask(question: unknown): Promise<unknown>
  stop(): Promise<void>
}

/** How processes are started. */
export interface StartOptions {
  /** Where a CPU profile of each process is left when it ends; `undefined` takes none. */
  readonly profileFolder: string | undefined
}

/**
 * Starts a program of its own process, so that the CPU time of the load is not counted as the server's. It ends with this one, however this
 * one ends: the channel closes.
 */
export async function startProcess(file: URL, spec: unknown, { profileFolder }: StartOptions): Promise<ServerProcess> {
  const name = JSON.stringify(spec).replaceAll(/[^a-z-]+/gi, '-')
  const profile = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`, `--cpu-prof-name=${name}.cpuprofile`]
  const child = fork(file, [JSON.stringify(spec)], { execArgv: profile, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const ready = await nextMessage(child)
  let last: Promise<unknown> = Promise.resolve()
  return {
    ready,
    ask(question) {
      last = last.then(() => {
        const answer = nextMessage(child)
        child.send(question as object)
        return answer
      })
      return last
    },
    async stop() {
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      child.disconnect()
      await gone
    },
  }
}

function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`a server process ended with exit code ${code}; its messages are above`))
    child.once('exit', onExit)
    child.once('message', (message) => {
      child.off('exit', onExit)
      resolve(message)
    })
  })
}
