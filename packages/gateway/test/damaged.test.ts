import { gzipSync } from 'node:zlib'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Analysis } from '../src/analyze/result.ts'
import { callCli, clfLine, nasaFile, nasaLines } from './support/run.ts'

const nasa = nasaLines()

describe('a damaged log', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-analyze-test-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function analyzed(args: readonly string[], input: readonly string[] = []): Promise<Analysis & { code: number }> {
    const { code, stdout } = await callCli(['analyze', ...args, '--json', '-'], input)
    return { ...(JSON.parse(stdout) as Analysis), code }
  }
  const file = async (name: string, content: string | Uint8Array) => {
    await writeFile(join(folder, name), content)
    return join(folder, name)
  }
  const start = Date.parse('2026-11-24T08:00:00Z')
  const regular = (count: number, zone = '+0000') =>
    Array.from({ length: count }, (_, index) => clfLine(`host-${index % 50}`, start + index * 1000, { zone }))

  it('is read in any order, compressed, in parts and with garbage, and the counts add up [R61]', async () => {
    const shuffled = nasa.toSorted((left, right) => hashOf(left) - hashOf(right))
    const garbage = [
      '',
      'garbage',
      '\u0000\u0001',
      `"${'x'.repeat(70_000)}`,
      '1.2.3.4 - - [99/Aug/1995:02:00:00 -0400] "GET / HTTP/1.0" 200 1',
    ]
    const first = await file('access.log.1', gzipSync([...shuffled.slice(0, 20_000), ...garbage].join('\n')))
    const second = await file('access.log', shuffled.slice(20_000).join('\r\n'))
    const found = await analyzed([second, first])
    // An empty line is none.
    expect(found).toMatchObject({ code: 0, lines: 30_969 + 4, skipped: 4, requests: 30_969, accounts: 2365 })
    expect(found.replay.admitted + found.replay.rejected).toBe(found.lines - found.skipped)
    expect(found.plans.reduce((sum, plan) => sum + plan.requests, 0)).toBe(found.requests)
    const { plans } = await analyzed([nasaFile])
    expect(found.plans).toEqual(plans)
    expect(found.warnings.join('\n')).toMatch(/4 of 30973 lines.*could not be read/)
    expect(found.warnings.join('\n')).toMatch(/unsorted: \d+ of 30969 lines/)
  })

  it('is used up to where a compressed file was cut off [R61]', async () => {
    const whole = gzipSync(regular(5000).join('\n'))
    const found = await analyzed([await file('cut.gz', whole.subarray(0, whole.length - 2000))])
    expect(found.code).toBe(0)
    expect(found.requests).toBeGreaterThan(100)
    expect(found.warnings.join('\n')).toMatch(/cut\.gz ends early/)
  })

  it('says when its clock was set back, when its zones differ, and when its times are folded into minutes [R61]', async () => {
    const back = await analyzed(['-'], [[...regular(5000), ...regular(2000)].join('\n')])
    expect(back.warnings.join('\n')).toMatch(/folded timestamps: once the time went back/)
    const zones = await analyzed(['-'], [[...regular(500), ...regular(500, '+0200')].join('\n')])
    expect(zones.warnings.join('\n')).toMatch(/mixed zones: .*\+0000, \+0200/)
    expect(zones.to).toBe(new Date(start + 499_000).toISOString().replace('.000', ''))
    const minutes = Array.from({ length: 500 }, (_, index) => clfLine('host', start + Math.floor(index / 10) * 60_000))
    expect((await analyzed(['-'], [minutes.join('\n')])).warnings.join('\n')).toMatch(/folded timestamps: all times are whole minutes/)
    expect((await analyzed(['-'], [regular(500).join('\n')])).warnings.join('\n')).not.toMatch(/folded|mixed|unsorted/)
  })

  it('with a few lines of another year leaves them out, and the counts still add up [R61]', async () => {
    const strays = [clfLine('boot', Date.parse('1995-01-01T00:00:00Z')), clfLine('boot', Date.parse('2099-01-01T00:00:00Z'))]
    const lines = [...regular(4000), ...strays]
    const found = await analyzed(['-'], [lines.join('\n')])
    expect(found).toMatchObject({ lines: 4002, skipped: 2, requests: 4000, accounts: 50, from: '2026-11-24T08:00:00Z' })
    expect(found.plans.reduce((sum, plan) => sum + plan.requests, 0)).toBe(4000)
    expect(found.warnings.join('\n')).toMatch(/2 lines have a time that is more than a month away/)
    // Half of a log is no damage.
    const years = [...regular(400), ...regular(400).map((line) => line.replace('2026', '2024'))]
    expect(await analyzed(['-'], [years.join('\n')])).toMatchObject({ skipped: 0, requests: 800 })
  })

  it('that holds no line that can be read is reported, with exit code 1', async () => {
    const { code, stderr } = await callCli(['analyze', '-'], ['nothing\nat all\n'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/none of 2 lines could be read; name their format with --format/)
    expect(await analyzed(['-'], ['nothing\nat all\n'])).toMatchObject({ lines: 2, skipped: 2, requests: 0, accounts: 0, plans: [] })
  })

  it('without any line is reported as such', async () => {
    expect(await callCli(['analyze', '-'], ['\n\r\n'])).toMatchObject({
      code: 1,
      stderr: 'holdfast: -: no line was found but empty ones and comments\n',
    })
  })

  it('may go on in another format, and what no format reads is counted', async () => {
    const record = (second: number) => JSON.stringify({ ts: start / 1000 + second, method: 'GET', status: 200, client_ip: 'host-7' })
    const lines = [
      ...regular(300),
      record(300),
      '{"level":"info","msg":"reloaded","ts":1}',
      '#Fields: date time',
      'x',
      record(301),
      ...regular(10),
    ]
    const found = await analyzed(['-'], [lines.join('\n')])
    expect(found).toMatchObject({ lines: 315, skipped: 3, requests: 312, accounts: 50, formats: ['combined', 'json'] })
  })

  it('may begin with a byte order mark', async () => {
    const record = (second: number) => JSON.stringify({ ts: start / 1000 + second, method: 'GET', status: 200, client_ip: '10.0.0.1' })
    const found = await analyzed(['-'], [`\ufeff${record(0)}\n\ufeff\n${record(1)}`])
    expect(found).toMatchObject({ lines: 3, skipped: 1, requests: 2, accounts: 1 })
  })

  it('may begin with damage', async () => {
    const lines = [...Array.from({ length: 450 }, (_, index) => `damage ${index}`), ...regular(100)]
    expect(await analyzed(['-'], [lines.join('\n')])).toMatchObject({ lines: 550, skipped: 450, requests: 100 })
  })

  it('is written about as JSON and HTML files, and the HTML needs nothing else and holds no markup of the log', async () => {
    const evil = `<script>alert(1)</script>`
    const lines = [...regular(300), ...Array.from({ length: 400 }, () => clfLine(evil, start, { path: '/<img/onerror=x>' }))]
    const [json, html] = [join(folder, 'out.json'), join(folder, 'out.html')]
    const { code, stdout } = await callCli(['analyze', '-', '--json', json, '--html', html], [lines.join('\n')])
    expect(code).toBe(0)
    expect(stdout).toContain(evil)
    expect(JSON.parse(await readFile(json, 'utf8'))).toMatchObject({ requests: 700 })
    const page = await readFile(html, 'utf8')
    expect(page).not.toContain(evil)
    expect(page).not.toContain('<img')
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(page).not.toMatch(/(?:src|href)=/)
    expect(page).toMatch(/default-src 'none'/)
    expect((await callCli(['analyze', '-', '--html', '-'], [lines.join('\n')])).stdout).toBe(page)
    const twice = await callCli(['analyze', '-', '--html', '-', '--json', '-'], [lines.join('\n')])
    expect([twice.code, twice.stdout]).toEqual([2, ''])
    const failed = await callCli(['analyze', '-', '--json', join(folder, 'no', 'folder')], [lines.join('\n')])
    expect(failed).toMatchObject({ code: 1, stdout })
    expect(failed.stderr).toMatch(/no.folder cannot be written: ENOENT/)
  })
})

function hashOf(text: string): number {
  let hash = 0
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash, 31) + text.charCodeAt(at)
  return hash
}
