import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBudget, createFetch, items, pages } from 'holdfast/client'
import { seededRandom } from 'holdfast/testing'
import { startTestLedger } from './support/ledger.ts'
import type { TestLedger } from './support/ledger.ts'
import { startLossyProxy } from './support/lossy-proxy.ts'

interface Listed {
  readonly id: string
}

interface Entry {
  readonly seq: number
}

const headers = { authorization: 'Bearer key_alice' }
const budget = createBudget()
const fetch = createFetch({ budget: () => budget })
const walker = new URL('fixture/walker.ts', import.meta.url).pathname

/** Runs the program, and kills it once it has said that it kept so many entries. Tells whether it was killed. */
async function runWalker(args: readonly string[], killAfter: number): Promise<boolean> {
  const child = spawn(process.execPath, ['--conditions=@holdfast/source', walker, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += String(chunk)
    if (output.split('kept').length > killAfter) child.kill('SIGKILL')
  })
  const [code] = (await ended) as [number | null]
  if (code !== null && !output.includes('finished')) throw new Error(`the walk ended with ${code}: ${output}`)
  return code === null
}

async function collect<T>(source: AsyncIterable<T>, most = Number.POSITIVE_INFINITY): Promise<T[]> {
  const found: T[] = []
  for await (const one of source) if (found.push(one) >= most) break
  return found
}

/** The ledger's lists as a server would show them that changes its answers like this. */
const behind =
  (change: (body: { data: unknown[]; next_cursor?: string }, headers: Headers) => unknown, seen: string[] = []) =>
  async (input: string, init?: RequestInit): Promise<Response> => {
    seen.push(input)
    const response = await fetch(input, init)
    const fields = new Headers(response.headers)
    const body = change((await response.json()) as { data: unknown[] }, fields)
    fields.delete('content-length')
    return Response.json(body, { status: response.status, headers: fields })
  }

describe('lists of a ledger, walked by the client', () => {
  let ledger: TestLedger
  let transfers: string
  let entries: string
  let all: string[]
  beforeAll(async () => {
    ledger = await startTestLedger('node', 'sqlite')
    await ledger.post('/_test/reset', { seed: 29, wallets: 3, transfers: 130 })
    transfers = `${ledger.url}/transfers?limit=10`
    const [wallet] = await collect(items<Listed>(fetch, `${ledger.url}/wallets`, { headers }), 1)
    entries = `${ledger.url}/wallets/${wallet?.id}/entries?limit=7`
    all = (await collect(pages<Listed>(fetch, `${ledger.url}/transfers?limit=100`, { headers }))).flatMap((page) =>
      page.items.map(({ id }) => id),
    )
    if (new Set(all).size !== 130) throw new Error(`${all.length} transfers`)
  })
  afterAll(() => ledger.stop())

  const ids = async (walk: AsyncIterable<Listed>): Promise<string[]> => (await collect(walk)).map(({ id }) => id)

  it('give each item once by the cursor in the body and by the Link field alone, with and without a page ahead [P29]', async () => {
    const byLink = behind(({ data }) => data)
    const byCursor = behind((body, fields) => {
      fields.delete('link')
      return body
    })
    for (const prefetch of [0, 1] as const)
      for (const through of [byLink, byCursor]) expect(await ids(items<Listed>(through, transfers, { headers, prefetch }))).toEqual(all)
  })

  it('give each item once when a tenth of the pages get lost on the way', async () => {
    const proxy = await startLossyProxy(ledger.url, 0.1, 3)
    const listed = items<Listed>(fetch, transfers.replace(ledger.url, proxy.url).replace('limit=10', 'limit=2'), { headers, prefetch: 1 })
    expect(await ids(listed)).toEqual(all)
    expect(proxy.lost).toBeGreaterThan(0)
    await proxy.close()
  })

  it('go on behind each item from a checkpoint', async () => {
    for (let count = 1; count <= 25; count += 3) {
      const walk = items<Listed>(fetch, transfers, { headers })
      const before = (await collect(walk, count)).map(({ id }) => id)
      expect([...before, ...(await ids(items<Listed>(fetch, transfers, { headers, resumeFrom: walk.cursor })))]).toEqual(all)
    }
  })

  it('give each entry exactly once to a process that is killed again and again, and goes on [67]', { timeout: 120_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'walk-'))
    const journal = join(folder, 'journal')
    const random = seededRandom(67)
    let kills = 0
    while (await runWalker([entries, journal], kills < 4 ? 1 + Math.floor(random() * 12) : Number.POSITIVE_INFINITY)) kills += 1
    const kept = (await readFile(journal, 'utf8')).trimEnd().split('\n')
    await rm(folder, { recursive: true, force: true })
    const wanted = (await collect(items<Entry>(fetch, entries, { headers }))).map(({ seq }) => seq)
    expect(kept.map((line) => (JSON.parse(line) as Entry).seq)).toEqual(wanted)
    expect(kills).toBeGreaterThan(1)
  })

  it('are left when a server names the same page again [P31]', async () => {
    let first: string | undefined
    const circling = behind((body, fields) => {
      fields.delete('link')
      first ??= body.next_cursor
      return { ...body, next_cursor: first }
    })
    await expect(ids(items<Listed>(circling, transfers, { headers }))).rejects.toMatchObject({ code: 'pagination-loop' })
  })

  it('are left when the next page is said to be elsewhere, and nothing is sent there [P30]', async () => {
    const seen: string[] = []
    const leading = behind((body, fields) => {
      fields.set('link', '<https://elsewhere.example/transfers?cursor=x>; rel=next')
      return body
    }, seen)
    await expect(ids(items<Listed>(leading, transfers, { headers }))).rejects.toMatchObject({ code: 'next-refused' })
    expect(seen).toEqual([transfers])
  })

  it('ask for at most one page more than was wanted [P33]', async () => {
    const seen: string[] = []
    await collect(
      items<Listed>(
        behind((body) => body, seen),
        transfers,
        { headers, prefetch: 1 },
      ),
      15,
    )
    expect(seen.length).toBeLessThanOrEqual(3)
  })
})
