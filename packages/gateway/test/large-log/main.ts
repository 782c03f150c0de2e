// Analyses a log of any size that is made on the way, and tells time and memory of the process that does it:
//   node scripts/run.mjs packages/gateway/test/large-log/main.ts 2048
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { argv, execArgv, execPath, exit, stdout } from 'node:process'
import { seededRandom } from 'holdfast/testing'

const mebibytes = Number(argv[2] ?? 2048)
const accounts = 400_000
const agents = Array.from(
  { length: 40 },
  (_, index) => `Mozilla/5.0 (X11; Linux x86_64; rv:${100 + index}.0) Gecko/20100101 Firefox/${100 + index}.0`,
)

/** Combined lines: few accounts send much, many a little, and every hundred thousandth line is garbage. */
function requestLine(at: number, random: () => number): string {
  const who = Math.floor(random() ** 3 * accounts)
  const [, day, month, year, time] = new Date(at).toUTCString().split(' ')
  const item = Math.floor(random() * 100_000)
  return `10.${who >> 16}.${(who >> 8) & 255}.${who & 255} - - [${day}/${month}/${year}:${time} +0000] "GET /api/v2/users/${item}/orders?page=${item % 10} HTTP/1.1" 200 ${item % 9000} "-" "${agents[who % 40]}"`
}

const child = spawn(execPath, [...execArgv, join(import.meta.dirname, 'measured.ts')], { stdio: ['pipe', 'pipe', 'inherit'] })
let result = ''
child.stdout.on('data', (chunk) => (result += String(chunk)))
const closed = once(child, 'close')

const random = seededRandom(1)
let at = Date.UTC(2026, 0, 1)
let written = 0
for (let bytes = 0; bytes < mebibytes * 1_048_576;) {
  const lines: string[] = []
  for (let line = 0; line < 400; line++) {
    at += random() * 90
    written++
    lines.push(written % 100_000 === 0 ? 'garbage' : requestLine(at, random))
  }
  const text = `${lines.join('\n')}\n`
  bytes += text.length
  if (!child.stdin.write(text)) await once(child.stdin, 'drain')
}
child.stdin.end()
const [code] = (await closed) as [number | null]
if (code !== 0) exit(1)
stdout.write(`${JSON.stringify({ written, ...(JSON.parse(result) as object) })}\n`)
