// Analyses a log of any size that is made on the way, and tells time and memory:
//   node scripts/run.mjs packages/gateway/test/large-log/main.ts 2048
import { argv, stderr, stdout } from 'node:process'
import { seededRandom } from 'holdfast/testing'
import { runCli } from '../../src/cli/run.ts'

const mebibytes = Number(argv[2] ?? 2048)
const accounts = 400_000
const agents = Array.from(
  { length: 40 },
  (_, index) => `Mozilla/5.0 (X11; Linux x86_64; rv:${100 + index}.0) Gecko/20100101 Firefox/${100 + index}.0`,
)

let lines = 0

/** Combined lines: few accounts send much, many a little, and every hundred thousandth line is garbage. */
async function* requests(): AsyncGenerator<Uint8Array> {
  const random = seededRandom(1)
  let at = Date.UTC(2026, 0, 1)
  for (let bytes = 0; bytes < mebibytes * 1_048_576;) {
    const chunk: string[] = []
    for (let line = 0; line < 400; line++) {
      at += random() * 90
      lines++
      chunk.push(lines % 100_000 === 0 ? 'garbage' : requestLine(at, random))
    }
    const text = Buffer.from(`${chunk.join('\n')}\n`)
    bytes += text.length
    yield text
  }
}

function requestLine(at: number, random: () => number): string {
  const who = Math.floor(random() ** 3 * accounts)
  const [, day, month, year, time] = new Date(at).toUTCString().split(' ')
  const item = Math.floor(random() * 100_000)
  return `10.${who >> 16}.${(who >> 8) & 255}.${who & 255} - - [${day}/${month}/${year}:${time} +0000] "GET /api/v2/users/${item}/orders?page=${item % 10} HTTP/1.1" 200 ${item % 9000} "-" "${agents[who % 40]}"`
}

let json = ''
const startedAt = performance.now()
const code = await runCli(['analyze', '-', '--json', '-'], { stdin: requests(), stdout: { write: (text) => (json += text) }, stderr })
const seconds = (performance.now() - startedAt) / 1000
const analysis = JSON.parse(json) as { lines: number; skipped: number; requests: number; accounts: number }
const { lines: read, skipped, requests: found, accounts: kept } = analysis
stdout.write(
  `${JSON.stringify({ code, written: lines, lines: read, skipped, requests: found, accounts: kept, seconds: Math.round(seconds), maxRssMiB: Math.round(process.resourceUsage().maxRSS / 1024) })}\n`,
)
