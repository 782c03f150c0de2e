import { describe, expect, it } from 'vitest'
import { createReply, jsonReply } from '../core/index.ts'
import { memory } from '../stores/memory/index.ts'
import { gate, world } from '../../test/support/virtual-server.ts'

const v7 = (at: number): string => {
  const hex = at.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7abc-8def-0123456789ab`
}
const hour = 3_600_000

describe('a keyed call', () => {
  it('runs once, and each repeat gets the first answer, marked', async () => {
    const { server, effects } = world()
    const { send } = server()
    const first = await send()
    const repeat = await send()
    expect(first).toMatchObject({ status: 201, text: '{"effect":1}' })
    expect(first.headers.get('idempotent-replayed')).toBe('false')
    expect(repeat).toMatchObject({ status: 201, text: '{"effect":1}' })
    expect(repeat.headers.get('idempotent-replayed')).toBe('true')
    expect(repeat.headers.get('location')).toBe('/transfers/1')
    expect(effects).toHaveLength(1)
  })

  it('is another call for another account, though key and body are the same', async () => {
    const { server, effects } = world()
    const { send } = server()
    await send({ account: 'ada' })
    expect((await send({ account: 'bob' })).text).toBe('{"effect":2}')
    expect(effects).toHaveLength(2)
  })

  it('is refused with another body, and the right one is still replayed', async () => {
    const { server, effects } = world()
    const { send } = server()
    await send()
    expect((await send({ body: { amount: 6 } })).json).toMatchObject({ code: 'key-reused', status: 422, retryable: false })
    expect((await send({ path: '/refunds' })).json).toMatchObject({ code: 'key-reused' })
    expect((await send()).text).toBe('{"effect":1}')
    expect(effects).toHaveLength(1)
  })

  it('may share its key with another route where keys are scoped to one', async () => {
    const { server } = world()
    const { send } = server({ keyScope: 'endpoint' })
    await send()
    expect((await send({ path: '/refunds' })).text).toBe('{"effect":2}')
    expect((await send({ path: '/refunds' })).text).toBe('{"effect":2}')
  })

  it.each([401, 403, 409, 412, 423, 428, 429])('that was answered %i runs again', async (status) => {
    const { server, effects } = world()
    const { send } = server()
    expect((await send({ handler: () => createReply(status) })).status).toBe(status)
    expect((await send()).status).toBe(201)
    expect(effects).toHaveLength(1)
  })

  it('is told that its answer was too long to keep, and where to look', async () => {
    const { server } = world()
    const { send } = server({ maxAnswerBytes: 10 })
    const first = await send({ handler: () => jsonReply(201, { long: 'x'.repeat(20) }, { location: '/transfers/1' }) })
    expect(first.text).toContain('xxxx')
    const repeat = await send()
    expect(repeat.json).toMatchObject({ code: 'not-replayable', status: 409, retryable: false, originalStatus: 201 })
    expect(repeat.headers.get('location')).toBe('/transfers/1')
  })
})

describe('a call that cannot be keyed', () => {
  it('passes untouched where its method has no effect', async () => {
    const { server, effects } = world()
    const { send } = server()
    for (const method of ['GET', 'HEAD', 'OPTIONS']) expect((await send({ method })).headers.has('idempotent-replayed')).toBe(false)
    expect(effects).toHaveLength(3)
  })

  it('counts only for the methods that were named', async () => {
    const { server, effects } = world()
    const { send } = server({ methods: ['put'] })
    await send({ method: 'PUT' })
    await send({ method: 'PUT' })
    expect(effects).toHaveLength(1)
    await send({ method: 'POST' })
    expect(effects).toHaveLength(2)
  })

  it('is refused without a key, or runs each time where keys are optional', async () => {
    const { server, effects } = world()
    expect((await server().send({ key: '' })).json).toMatchObject({ code: 'key-missing', status: 400 })
    expect(effects).toHaveLength(0)
    const optional = server({ key: 'optional' })
    await optional.send({ key: '' })
    await optional.send({ key: '' })
    expect(effects).toHaveLength(2)
  })

  it.each<[string, object, string, number]>([
    ['a bad key', { key: 'a, b' }, 'key-invalid', 400],
    ['a body that is not JSON', { body: '{"amount":' }, 'body-invalid', 400],
    ['a member named twice', { body: '{"amount":5,"amount":6}' }, 'body-invalid', 400],
    ['a body over the limit', { body: `"${'x'.repeat(2000)}"` }, 'body-too-large', 413],
    ['no account', { account: '' }, 'account-unknown', 401],
  ])('is refused with %s, and nothing is recorded', async (_what, sent, code, status) => {
    const { server, effects, records } = world()
    const { send } = server({ maxBodyBytes: 1000, account: (head) => head.headers.get('x-account') ?? undefined })
    expect((await send(sent)).json).toMatchObject({ code, status, retryable: false })
    expect(effects).toHaveLength(0)
    expect(records.size).toBe(0)
    expect((await send()).status).toBe(201)
  })
})

describe('a key that says when it was made', () => {
  it('is not executed when it is older than answers are remembered', async () => {
    const { server, effects, clock, pass } = world()
    const { send } = server()
    const key = v7(clock.now())
    await send({ key })
    await pass(23 * hour)
    expect((await send({ key })).status).toBe(201)
    await pass(2 * hour)
    expect((await send({ key })).json).toMatchObject({ code: 'key-expired', status: 412, retryable: false })
    expect(effects).toHaveLength(1)
  })

  it('is refused when it lies in the future', async () => {
    const { server, effects, clock } = world()
    expect((await server().send({ key: v7(clock.now() + hour) })).json).toMatchObject({ code: 'key-invalid', status: 400 })
    expect(effects).toHaveLength(0)
  })

  it.each([1, 60, 290])("never runs twice although its maker's clock is %i s ahead", async (seconds) => {
    const { server, effects, clock, pass } = world()
    const { send } = server()
    const key = v7(clock.now() + seconds * 1000)
    await send({ key })
    await pass(24 * hour - 1000)
    for (let minute = 0; minute < 20; minute++) {
      await send({ key })
      await pass(30_000)
    }
    expect((await send({ key })).json).toMatchObject({ code: 'key-expired' })
    expect(effects).toHaveLength(1)
  })

  it.each([0, 290])("never runs twice after a run that vanished, its maker's clock %i s ahead", async (seconds) => {
    const { server, effects, clock, pass } = world()
    const { idempotency: store } = memory({ clock })
    const options = { store, retentionMs: 365 * 24 * hour }
    const key = v7(clock.now() + seconds * 1000)
    const { handler, runs } = gate()
    void server({ ...options, store: { ...store, heartbeat: () => new Promise(() => {}) } }).send({ key, handler })
    await pass(31_000)
    const { send } = server(options)
    expect((await send({ key })).json).toMatchObject({ code: 'outcome-unknown' })
    clock.advance(options.retentionMs + seconds * 1000 - 31_000)
    await store.collect(1)
    expect((await send({ key })).json).toMatchObject({ code: 'outcome-unknown' })
    expect(runs() + effects.length).toBe(1)
  })

  it('runs again after the retention when it does not say', async () => {
    const { server, effects, pass } = world()
    const { send } = server()
    await send()
    await pass(25 * hour)
    expect((await send()).text).toBe('{"effect":2}')
    expect(effects).toHaveLength(2)
  })
})

describe('a quota of keys', () => {
  it('refuses new keys of that account alone, and repeats of known ones not at all', async () => {
    const { server, effects } = world()
    const { send } = server({ keysPerAccount: 2 })
    await send({ key: 'a' })
    await send({ key: 'b' })
    const refused = await send({ key: 'c' })
    expect(refused.json).toMatchObject({ code: 'too-many-keys', status: 429, retryable: true })
    expect(refused.headers.get('retry-after')).toBe('60')
    expect((await send({ key: 'a' })).status).toBe(201)
    expect((await send({ key: 'c', account: 'bob' })).status).toBe(201)
    expect(effects).toHaveLength(3)
  })
})
