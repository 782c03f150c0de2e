import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { holdfast as onNode } from '../../src/adapters/node/index.ts'
import { defineApi } from '../../src/api/index.ts'
import { createFetch, isOutcomeUnknown, lookUpKey, meta } from '../../src/client/index.ts'
import type { Fetch } from '../../src/client/index.ts'
import { memory } from '../../src/stores/memory/index.ts'

/** Our server and our client, over a connection that loses answers when told. */
describe('client and server together', () => {
  let origin = ''
  let effects = 0
  let inner: () => Promise<unknown> = async () => undefined
  const seen: (string | undefined)[] = []
  const api = defineApi({
    store: memory(),
    account: (head) => head.headers.get('authorization') ?? undefined,
    routes: { 'POST /transfers': { idempotency: 'at-most-once' }, 'GET /nested': {} },
  })
  const server = createServer(
    onNode(api, async (req, res) => {
      seen.push(req.headers['holdfast-timeout'] as string | undefined)
      if (req.url === '/nested') {
        res.setHeader('content-type', 'application/json')
        res.end(JSON.stringify(await inner()))
        return
      }
      effects += 1
      res.statusCode = 201
      res.end(`transfer ${effects}`)
    }),
  )
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    api.drain().catch(() => {})
    server.closeAllConnections()
    server.close()
  })

  /** Loses so many answers after they were given. */
  function losing(answers: number): Fetch {
    let left = answers
    return async (input, init) => {
      const response = await fetch(input, init)
      if (left-- <= 0) return response
      await response.text()
      throw new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNRESET', syscall: 'read' }) })
    }
  }
  const post = { method: 'POST', body: '{}', headers: { authorization: 'a', 'content-type': 'application/json' } }

  it('have one effect and one answer, though two answers are lost [1]', async () => {
    const before = effects
    const response = await createFetch({ fetch: losing(2), random: () => 0 })(`${origin}/transfers`, post)
    expect([response.status, await response.text(), effects - before]).toEqual([201, `transfer ${effects}`, 1])
    expect(meta(response)).toMatchObject({ attempts: 3, replayed: true })
  })

  it('have one effect of a form, which gets a boundary of its own for each attempt', async () => {
    const before = effects
    const body = new FormData()
    body.set('amount', '5')
    const response = await createFetch({ fetch: losing(1), random: () => 0 })(`${origin}/transfers`, {
      method: 'POST',
      body,
      headers: { authorization: 'a' },
    })
    expect([response.status, effects - before]).toEqual([201, 1])
  })

  it('have one effect, though the runtime repeats the request by itself [3]', async () => {
    const before = effects
    let deliveries = 0
    // As Deno does when a connection it reuses is closed.
    const repeating: Fetch = async (input, init) => {
      for (;;) {
        deliveries += 1
        const response = await fetch(input, init)
        if (deliveries > 1) return response
        await response.text()
      }
    }
    const response = await createFetch({ fetch: repeating })(`${origin}/transfers`, { ...post, holdfast: { retries: 0 } })
    expect([response.status, deliveries, effects - before, meta(response).replayed]).toEqual([201, 2, 1, true])
  })

  it('settle an unknown outcome: by sending it again, and by asking', async () => {
    const before = effects
    const failing = losing(1)
    const client = createFetch({ fetch: failing, retries: 0 })
    const error = await client(`${origin}/transfers`, post).catch((reason: unknown) => reason)
    if (!isOutcomeUnknown(error)) throw error
    expect(await lookUpKey(fetch, error, { headers: { authorization: 'a' } })).toMatchObject({ state: 'done', status: 201 })
    expect(await lookUpKey(fetch, { url: origin, key: 'never-used' }, { headers: { authorization: 'a' } })).toEqual({ state: 'absent' })
    const response = await error.resolve()
    expect([response.status, meta(response).replayed, effects - before]).toEqual([201, true, 1])
  })

  it('give a nested call no more time than is left [47]', async () => {
    const client = createFetch({ deadlineMs: 5_000 })
    inner = async () => {
      const response = await client(`${origin}/transfers`, post)
      return [response.status, Number(seen.at(-1))]
    }
    const response = await client(`${origin}/nested`, { ...post, method: 'GET', body: null, holdfast: { deadlineMs: 2_000 } })
    const [status, left] = (await response.json()) as [number, number]
    expect(status).toBe(201)
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(1_995)
  })

  it('shed a call whose time is over, and leave its key unused', async () => {
    const before = effects
    const headers = { ...post.headers, 'idempotency-key': '"late-one"', 'holdfast-timeout': '0' }
    const late = await fetch(`${origin}/transfers`, { ...post, headers })
    expect([late.status, ((await late.json()) as { code: string }).code]).toEqual([503, 'deadline-expired'])
    const again = await fetch(`${origin}/transfers`, { ...post, headers: { ...headers, 'holdfast-timeout': '5000' } })
    expect([again.status, again.headers.get('idempotent-replayed'), effects - before]).toEqual([201, 'false', 1])
  })
})
