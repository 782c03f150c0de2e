import { expect, it } from 'vitest'
import { describeMatrix } from './matrix.ts'

describeMatrix('basics', {}, ({ open, start }) => {
  it('answers a new key and says that it is no replay [1]', async () => {
    const opened = await open()
    const { post } = await start({ open: opened })
    const answer = await post('/transfers')
    expect([answer.status, answer.text, answer.headers['idempotent-replayed']]).toEqual([201, '{"id":"transfer 1"}', 'false'])
    expect(await opened.effects()).toBe(1)
  })

  it('replays the first answer to a repeated key, byte for byte [2]', async () => {
    const opened = await open()
    const { post } = await start({ open: opened })
    const [first, repeat] = [await post('/transfers'), await post('/transfers')]
    expect([repeat.status, repeat.headers['idempotent-replayed'], repeat.headers['location']]).toEqual([201, 'true', '/transfers/1'])
    expect(repeat.bytes).toEqual(first.bytes)
    expect(Date.parse(String(repeat.headers['idempotency-original-date']))).toBeGreaterThan(Date.now() - 60_000)
    expect(await opened.effects()).toBe(1)
  })

  it('has one effect for a hundred repeats, one after the other [3]', async () => {
    const opened = await open()
    const { post } = await start({ open: opened })
    for (let repeat = 0; repeat < 100; repeat++) expect((await post('/transfers')).status).toBe(201)
    expect(await opened.effects()).toBe(1)
  })

  it('runs a call without a key each time, or refuses it where keys are required [4]', async () => {
    const opened = await open()
    const { post } = await start({ open: opened })
    expect((await post('/transfers', { key: '' })).json).toMatchObject({ code: 'key-missing', status: 400 })
    expect(await opened.effects()).toBe(0)
    for (let call = 0; call < 2; call++) expect((await post('/optional', { key: '' })).status).toBe(201)
    expect(await opened.effects()).toBe(2)
  })

  it('takes a quoted and a bare key for the same [5]', async () => {
    const opened = await open()
    const { post } = await start({ open: opened })
    await post('/transfers', { key: '"8e03978e"' })
    expect((await post('/transfers', { key: '8e03978e' })).headers['idempotent-replayed']).toBe('true')
    expect(await opened.effects()).toBe(1)
  })

  it('refuses keys that are none, and has no effect [6]', async () => {
    const opened = await open()
    const { post } = await start({ open: opened })
    for (const key of ['""', 'k'.repeat(256), '"a b"', ['a', 'b'], ['"a"', '"b"'], '"a", "b"', 'a;v=1', '"a', 'caf\u00e9']) {
      const answer = await post('/transfers', { key })
      expect([answer.status, answer.json['code'], answer.headers['content-type']]).toEqual([400, 'key-invalid', 'application/problem+json'])
    }
    expect(await opened.effects()).toBe(0)
  })

  it('ignores a key where nothing can happen twice [7]', async () => {
    const opened = await open()
    const { post } = await start({ open: opened })
    for (const method of ['GET', 'HEAD', 'GET'])
      expect((await post('/transfers', { method, body: '' })).headers['idempotent-replayed']).toBeUndefined()
    expect(await opened.effects()).toBe(3)
  })

  it('replays PUT where the route asks for it [8]', async () => {
    const opened = await open()
    const { post } = await start({ open: opened })
    await post('/wallets/7', { method: 'PUT' })
    expect((await post('/wallets/7', { method: 'PUT' })).headers['idempotent-replayed']).toBe('true')
    expect(await opened.effects()).toBe(1)
  })
})
