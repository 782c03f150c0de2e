import { spawn } from 'node:child_process'

/** Ends a server and removes its folder when this process is gone, however it went. */
export interface Reaper {
  /** Names the process to end; `undefined` when there is none at the moment. */
  watch(pid: number | undefined): void
  /** Does it now. Resolves when the folder is gone. */
  reap(): Promise<void>
}

// The shell sits on a pipe from this process. The kernel closes it also after SIGKILL, where no exit handler runs.
const script = `
pid=''
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then
  kill -s "$1" "$pid"; kill -s CONT "$pid"
  tries=0
  while kill -0 "$pid" && [ "$tries" -lt 70 ]; do sleep 0.1; tries=$((tries + 1)); done
  kill -s KILL "$pid"
fi
rm -rf "$2" || { sleep 1; rm -rf "$2"; }
`

/** Starts a reaper for one folder. `signal` is what ends the server at once, helper processes included. */
export function startReaper(folder: string, signal: 'QUIT' | 'KILL'): Reaper {
  // Detached: the Ctrl-C that ends the test run must not end the reaper before its work.
  const shell = spawn('/bin/sh', ['-c', script, 'sh', signal, folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'], cwd: '/' })
  const gone = new Promise<void>((resolve) => shell.once('exit', () => resolve()))
  shell.unref()
  const { stdin } = shell
  stdin.on('error', () => {})
  if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
  return {
    watch: (pid) => void stdin.write(`${pid ?? ''}\n`),
    reap: async () => {
      shell.ref()
      stdin.end()
      await gone
    },
  }
}
