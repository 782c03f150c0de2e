import { expect, it } from 'vitest'
import { namedVersionFact } from '../../src/core/index.ts'
import type { Policy } from '../../src/core/index.ts'
import { createGate } from './gate.ts'
import { describeMatrix } from './matrix.ts'

/** Stands for the version step, which the pipeline puts before idempotency. */
const versionStep: Policy = (call, next) => {
  call.facts.set(namedVersionFact, call.headers.get('x-version') ?? '2026-01-01')
  return next(call)
}

describeMatrix('identity and fingerprint', { kits: ['node', 'fastify'] }, ({ open, start }) => {
  it('keeps the keys of two accounts apart, and their answers [9]', async () => {
    const opened = await open()
    const { post } = await start({
      open: opened,
      handler: async ({ add }) => (await add(), { status: 201, body: `effect ${await opened.effects()}` }),
    })
    const [ada, bob] = [await post('/transfers', { account: 'ada' }), await post('/transfers', { account: 'bob' })]
    expect([ada.headers['idempotent-replayed'], bob.headers['idempotent-replayed']]).toEqual(['false', 'false'])
    expect((await post('/transfers', { account: 'ada' })).text).toBe(ada.text)
    expect((await post('/transfers', { account: 'bob' })).text).toBe(bob.text)
    expect(await opened.effects()).toBe(2)
  })

  it('knows an account again after its token was rotated [10]', async () => {
    const opened = await open()
    const { post } = await start({ open: opened })
    await post('/transfers', { headers: { authorization: 'Bearer ada.old' } })
    expect((await post('/transfers', { headers: { authorization: 'Bearer ada.new' } })).headers['idempotent-replayed']).toBe('true')
    expect(await opened.effects()).toBe(1)
  })

  it('refuses a key on another route, unless keys are scoped to one [11]', async () => {
    const opened = await open()
    const { post } = await start({ open: opened })
    await post('/transfers')
    expect((await post('/refunds')).json).toMatchObject({ code: 'key-reused', status: 422 })
    for (const path of ['/scoped/a', '/scoped/b'])
      expect((await post(path, { key: 'scoped' })).headers['idempotent-replayed']).toBe('false')
    expect((await post('/scoped/a', { key: 'scoped' })).headers['idempotent-replayed']).toBe('true')
    expect(await opened.effects()).toBe(3)
  })

  it('refuses a key with another query [12]', async () => {
    const opened = await open()
    const { post } = await start({ open: opened })
    await post('/transfers?dry=0&note=x')
    expect((await post('/transfers?dry=1&note=x')).json).toMatchObject({ code: 'key-reused' })
    expect((await post('/transfers?note=x&dry=0')).headers['idempotent-replayed']).toBe('true')
    expect(await opened.effects()).toBe(1)
  })

  it('refuses another body after the first call ended, and still replays the right one [16]', async () => {
    const opened = await open()
    const { post } = await start({ open: opened })
    const first = await post('/transfers')
    expect((await post('/transfers', { body: { amount: 6 } })).json).toMatchObject({ code: 'key-reused', status: 422 })
    expect((await post('/transfers')).text).toBe(first.text)
    expect(await opened.effects()).toBe(1)
  })

  it('refuses another body while the first call runs, and does not disturb it [17]', async () => {
    const opened = await open()
    const gate = createGate()
    const { post } = await start({
      open: opened,
      async handler({ add }) {
        await add()
        await gate.pass()
        return { status: 201, body: 'done' }
      },
    })
    const first = post('/transfers')
    await gate.entered
    expect((await post('/transfers', { body: { amount: 6 } })).json).toMatchObject({ code: 'key-reused', status: 422 })
    gate.open()
    expect(await first).toMatchObject({ status: 201, text: 'done' })
    expect(await opened.effects()).toBe(1)
  })

  it('does not care for the order of JSON members, nor for white space [18]', async () => {
    const opened = await open()
    const { post } = await start({ open: opened })
    await post('/transfers', { body: '{"from":"a","amount":{"value":5,"unit":"EUR"}}' })
    expect(
      (await post('/transfers', { body: ' {\n"amount": { "unit":"EUR","value":5 }, "from" : "\\u0061" }' })).headers['idempotent-replayed'],
    ).toBe('true')
    expect((await post('/transfers', { body: '{"from":"a","amount":{"value":5.0,"unit":"EUR"}}' })).status).toBe(422)
    expect(await opened.effects()).toBe(1)
  })

  it.each(['text/plain', 'multipart/form-data; boundary=x', 'application/octet-stream'])('compares %s by its bytes [21]', async (type) => {
    const opened = await open()
    const { post } = await start({ open: opened })
    const bytes = Uint8Array.of(0x2d, 0x2d, 0x78, 0x0d, 0x0a, 0, 0xff)
    await post('/transfers', { body: bytes, headers: { 'content-type': type } })
    expect((await post('/transfers', { body: bytes, headers: { 'content-type': type } })).headers['idempotent-replayed']).toBe('true')
    expect((await post('/transfers', { body: bytes.with(6, 0xfe), headers: { 'content-type': type } })).status).toBe(422)
    expect(await opened.effects()).toBe(1)
  })

  it('ignores the members it is told to ignore [22]', async () => {
    const opened = await open()
    const { post } = await start({ open: opened })
    await post('/stamped', { body: { amount: 5, meta: { sentAt: 1, by: 'a' } } })
    expect((await post('/stamped', { body: { amount: 5, meta: { sentAt: 2, by: 'a' } } })).headers['idempotent-replayed']).toBe('true')
    expect((await post('/stamped', { body: { amount: 5, meta: { sentAt: 1, by: 'b' } } })).status).toBe(422)
    expect(await opened.effects()).toBe(1)
  })

  it('refuses a key under another API version [23]', async () => {
    const opened = await open()
    const { post } = await start({ open: opened, before: versionStep })
    await post('/transfers')
    expect((await post('/transfers', { headers: { 'x-version': '2026-07-01' } })).json).toMatchObject({ code: 'key-reused' })
    expect((await post('/transfers')).headers['idempotent-replayed']).toBe('true')
    expect(await opened.effects()).toBe(1)
  })
})
