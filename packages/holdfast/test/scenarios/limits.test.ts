import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { createCall, createReply, toFields } from '../../src/core/index.ts'
import type { ApiDeclaration } from '../../src/api/index.ts'
import type { LimitDeclaration } from '../../src/rate-limit/index.ts'
import { bodyOf, gate, open as openRequest, send } from '../adapters/client.ts'
import { describeMatrix } from './matrix.ts'

const once: LimitDeclaration = { name: 'daily', limit: 3, windowSeconds: 86_400, burst: 3 }
const account = (head: { headers: { get(name: string): string | null } }): string | undefined =>
  head.headers.get('authorization') ?? undefined
const as = (name: string) => ({ headers: { authorization: name } })

/** Asks again until an answer is as wanted: the end of a connection takes its time to arrive. */
async function eventually<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (isWanted(answer)) return answer
    await turn()
  }
}

describeMatrix('limits', { stores: ['memory'] }, ({ open, start }) => {
  const declare = (declaration: Partial<ApiDeclaration>) => ({ account, routes: { 'GET /': {}, 'POST /transfers': {} }, ...declaration })

  it('refuse what is beyond them, and are told with every answer [R53]', async () => {
    const { port } = await start({ open: await open(), declaration: declare({ limits: [once] }), handler: () => ({ body: 'hello' }) })
    const answers = []
    for (let call = 0; call < 4; call++) answers.push(await send(port, as('ada')))
    expect(answers.map(({ status, headers }) => [status, String(headers['ratelimit']).split(';')[1]])).toEqual([
      [200, 'r=2'],
      [200, 'r=1'],
      [200, 'r=0'],
      [429, 'r=0'],
    ])
    expect([answers[3]?.headers['cache-control'], answers[3]?.headers['content-type'], answers[0]?.body.toString()]).toEqual([
      'no-store',
      'application/problem+json',
      'hello',
    ])
    expect((await send(port, as('bob'))).status).toBe(200)
  })

  it('count HEAD, OPTIONS, paths that nothing answers, and upgrades, not only what was declared [R41]', async () => {
    const { port, api } = await start({
      open: await open(),
      declaration: declare({ limits: [{ ...once, limit: 4, burst: 4 }] }),
      handler: () => ({ status: 404 }),
    })
    const statuses = []
    for (const [method, path] of [
      ['HEAD', '/'],
      ['OPTIONS', '/'],
      ['GET', '/wp-admin/setup.php'],
    ] as const)
      statuses.push((await send(port, { method, path, ...as('ada') })).status)
    // A server that takes an upgrade asks the policy itself, since no handler will answer.
    const upgrade = createCall({ method: 'GET', url: '/socket', headers: toFields({ authorization: 'ada', upgrade: 'websocket' }) })
    statuses.push((await api.policy(upgrade, () => createReply(101))).status)
    statuses.push((await send(port, { path: '/favicon.ico', ...as('ada') })).status)
    expect(statuses).toEqual([404, 404, 404, 101, 429])
    expect((await send(port, { path: '/favicon.ico' })).status).toBe(404)
  })

  it('leave the idempotency key of a refused call unused, and count replays', async () => {
    let effects = 0
    const { port } = await start({
      open: await open(),
      declaration: declare({
        limits: [
          { name: 'by-weight', limit: 10, windowSeconds: 86_400, burst: 10, cost: (head) => Number(head.headers.get('x-cost') ?? 1) },
        ],
        routes: { 'POST /transfers': { idempotency: 'at-most-once' } },
      }),
      handler: () => ({ status: 201, body: `effect ${++effects}` }),
    })
    const post = (cost: number, key = '"k"') =>
      send(port, {
        method: 'POST',
        path: '/transfers',
        headers: { authorization: 'ada', 'idempotency-key': key, 'x-cost': String(cost) },
        body: '{}',
      })
    await post(8, '"other"')
    expect((await post(3)).status).toBe(429)
    const [first, again] = [await post(1), await post(1)]
    expect(
      [first, again].map(({ status, body, headers }) => [
        status,
        String(body),
        headers['idempotent-replayed'],
        String(headers['ratelimit']).split(';')[1],
      ]),
    ).toEqual([
      [201, 'effect 2', 'false', 'r=1'],
      [201, 'effect 2', 'true', 'r=0'],
    ])
  })

  it('count calls under way until their answers are sent, or broken off, once each [R25]', async () => {
    const gates: ReturnType<typeof gate>[] = []
    const { port } = await start({
      open: await open(),
      declaration: declare({ limits: [{ name: 'at-once', kind: 'concurrency', limit: 2 }] }),
      handler: ({ asked }) => {
        if (asked.path !== '/') return { body: 'short' }
        const held = gate()
        gates.push(held)
        return {
          body: (async function* () {
            yield Buffer.from('begun ')
            await held.opened
            yield Buffer.from('ended')
          })(),
        }
      },
    })
    const ask = () => send(port, { path: '/short', ...as('ada') })
    const left = ({ headers }: { headers: Record<string, unknown> }) => String(headers['ratelimit'])
    const first = await openRequest(port, as('ada'))
    const second = await openRequest(port, as('ada'))
    expect((await ask()).status).toBe(429)
    for (const held of gates) held.open()
    await bodyOf(first)
    await bodyOf(second)
    expect(left(await eventually(ask, (answer) => left(answer) === '"at-once";r=1'))).toBe('"at-once";r=1')
    const third = await openRequest(port, as('ada'))
    third.on('error', () => {})
    expect(left(await eventually(ask, ({ status }) => status === 200))).toBe('"at-once";r=0')
    third.destroy()
    gates.at(-1)?.open()
    expect(left(await eventually(ask, (answer) => left(answer) === '"at-once";r=1'))).toBe('"at-once";r=1')
  })

  it('go by the address of the caller behind a proxy, not by what it says itself [R38]', async () => {
    const { port } = await start({
      open: await open(),
      declaration: declare({ limits: [{ ...once, partition: 'ip', burst: 2 }], limiting: { address: { trustedProxies: 1 } } }),
      handler: () => ({ body: 'hello' }),
    })
    // No route of the API: it has no account, and is counted all the same.
    const from = async (forwarded: string) => (await send(port, { path: '/public', headers: { 'x-forwarded-for': forwarded } })).status
    const statuses = []
    for (const line of ['9.9.9.9, 203.0.113.1', '8.8.8.8, 203.0.113.1', '203.0.113.1', '203.0.113.2']) statuses.push(await from(line))
    expect(statuses).toEqual([200, 200, 429, 200])
    for (let call = 0; call < 2; call++) expect(await from('')).toBe(200)
    expect(await from('unknown')).toBe(429)
  })
})
