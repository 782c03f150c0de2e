import { expect, it, vi } from 'vitest'
import { createReply, jsonReply, problem, withHeaders } from '../../src/core/index.ts'
import type { Policy } from '../../src/core/index.ts'
import { bodyOf, cutOff, gate, halves, nextChunk, open, send } from './client.ts'
import { describeAdapters } from './matrix.ts'

const nothing: Policy = (call, next) => next(call)
const waiting: Policy = async (call, next) => await next(call)
const adding: Policy = async (call, next) => withHeaders(await next(call), { 'x-policy': 'seen' })
const encoder = new TextEncoder()

describeAdapters('answers', (start) => {
  it('runs the handler as if nothing were there when the policy has nothing to do', async () => {
    const port = await start(nothing, () => ({ status: 201, headers: { 'content-type': 'text/plain', 'x-own': '1' }, body: 'hello' }))
    const { status, headers, body } = await send(port)
    expect([status, headers['content-type']?.startsWith('text/plain'), headers['x-own'], String(body)]).toEqual([201, true, '1', 'hello'])
  })

  it.each([
    ['synchronous', nothing],
    ['asynchronous', waiting],
  ])('streams the body under a policy that is %s: the first byte arrives before the last is made', async (_kind, policy) => {
    const { opened, open: release } = gate()
    const port = await start(policy, () => ({ headers: { 'content-type': 'text/plain' }, body: halves(opened) }))
    const res = await open(port)
    expect(await nextChunk(res)).toBe('first')
    release()
    expect(String(await bodyOf(res))).toBe('last')
  })

  it('lets a policy add a field and keeps all others', async () => {
    const port = await start(adding, () => ({ headers: { 'x-own': '1', 'set-cookie': ['a=1', 'b=2'] }, body: 'hello' }))
    const { headers, body } = await send(port)
    expect([headers['x-own'], headers['x-policy'], headers['set-cookie'], String(body)]).toEqual(['1', 'seen', ['a=1', 'b=2'], 'hello'])
  })

  it('keeps several cookies that no policy has touched', async () => {
    const port = await start(waiting, () => ({ headers: { 'set-cookie': ['a=1', 'b=2'] }, body: 'hello' }))
    expect((await send(port)).headers['set-cookie']).toEqual(['a=1', 'b=2'])
  })

  it('lets a policy replace and remove fields, cookies among them', async () => {
    const changing: Policy = async (call, next) =>
      withHeaders(await next(call), { 'set-cookie': 'c=3', 'x-own': undefined, 'X-Kept': 'new' })
    const port = await start(changing, () => ({ headers: { 'x-own': '1', 'x-kept': 'old', 'set-cookie': ['a=1', 'b=2'] }, body: 'hello' }))
    const { headers } = await send(port)
    expect([headers['x-own'], headers['x-kept'], headers['set-cookie']]).toEqual([undefined, 'new', ['c=3']])
  })

  it('shows the policy the status and the fields of the handler', async () => {
    let seen: unknown
    const looking: Policy = async (call, next) => {
      const reply = await next(call)
      seen = [
        reply.status,
        reply.headers.get('X-Own'),
        reply.headers.has('x-none'),
        reply.headers.getSetCookie(),
        [...reply.headers].filter(([name]) => name === 'set-cookie'),
      ]
      return reply
    }
    const port = await start(looking, () => ({ status: 203, headers: { 'x-own': '1', 'set-cookie': ['a=1', 'b=2'] }, body: 'hello' }))
    await send(port)
    expect(seen).toEqual([
      203,
      '1',
      false,
      ['a=1', 'b=2'],
      [
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ],
    ])
  })

  it('lets a policy change the status of an answer that flows on', async () => {
    const port = await start(
      async (call, next) => ({ ...(await next(call)), status: 202 }),
      () => ({ body: 'hello' }),
    )
    const { status, body } = await send(port)
    expect([status, String(body)]).toEqual([202, 'hello'])
  })

  it('lets a policy replace all fields of an answer that flows on', async () => {
    const other = createReply(200, { 'x-other': '1', 'set-cookie': ['c=3', 'd=4'] }).headers
    const port = await start(
      async (call, next) => ({ status: 200, body: (await next(call)).body, headers: other }),
      () => ({ headers: { 'x-own': '1', 'set-cookie': ['a=1'] }, body: 'hello' }),
    )
    const { headers, body } = await send(port)
    expect([headers['x-own'], headers['x-other'], headers['set-cookie'], String(body)]).toEqual([undefined, '1', ['c=3', 'd=4'], 'hello'])
  })

  it('refuses without running the handler', async () => {
    let isRun = false
    const port = await start(
      () => problem('key-missing'),
      () => ((isRun = true), {}),
    )
    const { status, headers, body } = await send(port, { method: 'POST', body: 'unread' })
    expect([status, headers['content-type'], JSON.parse(String(body)).code, isRun]).toEqual([
      400,
      'application/problem+json',
      'key-missing',
      false,
    ])
    expect(headers['content-length']).toBe(String(body.byteLength))
  })

  it('sends a refusal exactly as the policy made it', async () => {
    const port = await start(
      async () => createReply(299, { 'x-only': 'é', 'set-cookie': ['a=1', 'b=2'] }, Buffer.from([0, 255, 1])),
      () => ({}),
    )
    const { status, headers, body } = await send(port)
    expect([status, headers['x-only'], headers['set-cookie'], [...body]]).toEqual([299, 'é', ['a=1', 'b=2'], [0, 255, 1]])
  })

  it('discards the answer of the handler for the one of the policy', async () => {
    const replacing: Policy = async (call, next) => {
      await next(call)
      return jsonReply(409, { instead: true }, { 'x-policy': 'seen' })
    }
    const port = await start(replacing, () => ({
      headers: { 'x-own': '1', 'set-cookie': ['a=1'], 'content-type': 'text/html' },
      body: 'a longer body than the other',
    }))
    const { status, headers, body } = await send(port)
    expect([status, headers['x-own'], headers['set-cookie'], headers['content-type'], headers['x-policy'], String(body)]).toEqual([
      409,
      undefined,
      undefined,
      'application/json',
      'seen',
      '{"instead":true}',
    ])
  })

  it('sends a stream of the policy', async () => {
    const port = await start(
      async () => createReply(200, { 'content-type': 'text/plain' }, new Response('streamed').body as ReadableStream<Uint8Array>),
      () => ({}),
    )
    expect(String((await send(port)).body)).toBe('streamed')
  })

  it('sends a stream of the policy no faster than its reader takes it, and whole', async () => {
    const chunks = 512
    let pulls = 0
    const large = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (pulls++ < chunks) controller.enqueue(new Uint8Array(65_536))
        else controller.close()
      },
    })
    const port = await start(
      async () => createReply(200, {}, large),
      () => ({}),
    )
    const res = await open(port)
    for (let before = -1; before !== pulls;) {
      before = pulls
      for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)
    }
    expect(pulls).toBeLessThan(chunks)
    expect((await bodyOf(res)).byteLength).toBe(chunks * 65_536)
  })

  it('makes no more of a stream whose reader has gone', async () => {
    const cancelled = Promise.withResolvers<void>()
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
      cancel: () => cancelled.resolve(),
    })
    const port = await start(
      async () => createReply(200, {}, endless),
      () => ({}),
    )
    ;(await open(port)).destroy()
    await cancelled.promise
  })

  it('breaks off when a stream of the policy breaks', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    let pulls = 0
    const broken = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (pulls++ === 0) controller.enqueue(encoder.encode('some'))
        else controller.error(new Error('boom'))
      },
    })
    const port = await start(
      async () => createReply(200, {}, broken),
      () => ({}),
    )
    await expect(send(port)).rejects.toThrow(cutOff)
  })

  it('sends a fetch Response that a policy returns', async () => {
    const port = await start(
      async () => new Response('made', { status: 203, headers: { 'x-made': '1' } }),
      () => ({}),
    )
    const { status, headers, body } = await send(port)
    expect([status, headers['x-made'], String(body)]).toEqual([203, '1', 'made'])
  })

  it('answers HEAD without a body', async () => {
    const port = await start(adding, () => ({ headers: { 'content-length': '5' } }))
    const { status, headers, body } = await send(port, { method: 'HEAD' })
    expect([status, headers['x-policy'], body.byteLength]).toEqual([200, 'seen', 0])
  })

  it('answers HEAD with the length of a refusal and without its body', async () => {
    const port = await start(
      () => createReply(400, {}, 'refused'),
      () => ({}),
    )
    const { status, headers, body } = await send(port, { method: 'HEAD' })
    expect([status, headers['content-length'], body.byteLength]).toEqual([400, '7', 0])
  })

  it.each([204, 304])('answers %i without a body, from handler and policy', async (code) => {
    const fromHandler = await start(adding, () => ({ status: code }))
    const one = await send(fromHandler)
    const fromPolicy = await start(
      () => createReply(code, { 'x-policy': 'seen' }, 'ignored'),
      () => ({}),
    )
    const two = await send(fromPolicy)
    for (const { status, headers, body } of [one, two]) {
      expect([status, headers['x-policy'], headers['content-length'], headers['transfer-encoding'], body.byteLength]).toEqual([
        code,
        'seen',
        undefined,
        undefined,
        0,
      ])
    }
  })
})
