import { update } from '../../src/client/index.ts'
import { createVirtualTime } from '../simulate/time.ts'
import { hop } from './contention.ts'
import type { Contention } from './contention.ts'

let runs = 0

/** The same contention with the `update()` that is shipped: its reads, conditions, decisions and waits, over messages that take as long. */
export async function contendByUpdate(clients: number, random: () => number): Promise<Contention> {
  const startAt = Date.UTC(2026, 0, 1)
  const time = createVirtualTime(startAt, () => false)
  let [value, calls, done] = [0, 0, 0]
  const travel = (): Promise<void> => new Promise((resolve) => time.after(hop(random), resolve))
  async function fetch(_url: string, init: RequestInit = {}): Promise<Response> {
    await travel()
    const isWrite = init.method !== 'GET'
    const isFirst = isWrite && new Headers(init.headers).get('if-match') === `"${value}"`
    if (isWrite) calls += 1
    if (isFirst) value = JSON.parse(String(init.body)) as number
    const response =
      isWrite && !isFirst
        ? Response.json({ code: 'version-conflict' }, { status: 412, headers: { 'idempotent-replayed': 'false' } })
        : Response.json(value, { headers: { etag: `"${value}"` } })
    await travel()
    return response
  }
  const url = `https://contention-${++runs}.example/counter`
  const options = { clock: time, random, attempts: 10_000, deadlineMs: 1e9 }
  const all = Array.from({ length: clients }, () => update<number>(fetch, url, (n) => n + 1, options).finally(() => (done += 1)))
  await time.run(() => done === clients)
  await Promise.all(all)
  if (value !== clients) throw new Error(`${clients} clients came to ${value}`)
  return { timeMs: time.now() - startAt, calls }
}
