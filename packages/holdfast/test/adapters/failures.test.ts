import { expect, it } from 'vitest'
import { captureBody, createReply, storeUnavailable, withHeaders } from '../../src/core/index.ts'
import type { Policy } from '../../src/core/index.ts'
import { send } from './client.ts'
import { describeAdapters, reported } from './matrix.ts'

const boom = new Error('secret detail')

const failing: readonly [string, Policy][] = [
  [
    'throws',
    () => {
      throw boom
    },
  ],
  ['rejects', async () => Promise.reject(boom)],
  ['rejects after the handler', async (call, next) => (await next(call), Promise.reject(boom))],
  ['rejects after a capture', async (call, next) => (await captureBody((await next(call)).body, 1000), Promise.reject(boom))],
]

describeAdapters('failures', (start) => {
  it.each(failing)('answers a policy that %s with a problem that says nothing of the error', async (_how, policy) => {
    const port = await start(policy, () => ({ headers: { 'x-own': '1', 'set-cookie': ['a=1'] }, body: 'hello' }))
    const { status, headers, body } = await send(port)
    expect([status, JSON.parse(String(body)).code, headers['x-own'], headers['set-cookie'], String(body).includes('secret')]).toEqual([
      500,
      'handler-failed',
      undefined,
      undefined,
      false,
    ])
    expect(reported).toEqual([boom])
  })

  it('answers a store that failed with 503 and Retry-After', async () => {
    const port = await start(
      async () => Promise.reject(storeUnavailable('no answer', boom)),
      () => ({}),
    )
    const { status, headers, body } = await send(port)
    expect([status, headers['retry-after'], JSON.parse(String(body)).code, String(body).includes('secret')]).toEqual([
      503,
      '1',
      'store-unavailable',
      false,
    ])
  })

  it.each<[string, Policy]>([
    ['nothing', () => undefined as never],
    ['a promise of nothing', async () => undefined as never],
    ['nothing after the handler', async (call, next) => (await next(call), undefined as never)],
    ['a field value with a line break', async () => createReply(200, { 'x-bad': 'a\nb' })],
    ['a field value with a line break after the handler', async (call, next) => (await next(call), createReply(200, { 'x-bad': 'a\nb' }))],
    ['a changed field with a line break', async (call, next) => withHeaders(await next(call), { 'x-bad': 'a\nb' })],
  ])('answers 500 for a policy that returns %s', async (_what, policy) => {
    const port = await start(policy, () => ({ headers: { 'x-own': '1' }, body: 'hello' }))
    const { status, body } = await send(port)
    expect([status, JSON.parse(String(body)).code]).toEqual([500, 'handler-failed'])
    expect(reported).toHaveLength(1)
  })

  it('answers 500 for the body of another answer', async () => {
    const others: Policy = async (call, next) => (await next(call), createReply(200, {}, { capture: async () => undefined }))
    expect((await send(await start(others, () => ({ body: 'hello' })))).status).toBe(500)
  })

  it('answers for a handler that never does', async () => {
    const impatient: Policy = async (call, next) => {
      void Promise.resolve(next(call)).catch(() => {})
      return createReply(504, {}, 'too late')
    }
    const port = await start(impatient, () => new Promise<never>(() => {}))
    const { status, body } = await send(port)
    expect([status, String(body)]).toEqual([504, 'too late'])
  })

  it('refuses next() after the policy has answered', async () => {
    let late: Promise<unknown> = Promise.resolve()
    let isRun = false
    const belated: Policy = (call, next) => {
      late = new Promise((resolve) => setImmediate(resolve)).then(() => next(call)).catch((error: Error) => error.message)
      return createReply(200)
    }
    await send(await start(belated, () => ((isRun = true), {})))
    expect([await late, isRun]).toEqual([expect.stringContaining('after the policy had answered'), false])
  })
})
