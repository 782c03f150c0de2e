// The process whose memory is measured: analyses standard input.
import { exit, stderr, stdin, stdout } from 'node:process'
import { runCli } from '../../src/cli/run.ts'

let json = ''
const startedAt = performance.now()
const code = await runCli(['analyze', '-', '--json', '-'], { stdin, stdout: { write: (text) => (json += text) }, stderr })
if (code !== 0) exit(code)
const { lines, skipped, requests, accounts } = JSON.parse(json) as Record<'lines' | 'skipped' | 'requests' | 'accounts', number>
const seconds = Math.round((performance.now() - startedAt) / 1000)
stdout.write(JSON.stringify({ lines, skipped, requests, accounts, seconds, maxRssMiB: Math.round(process.resourceUsage().maxRSS / 1024) }))
