import { describe, expect, it } from 'vitest'
import { claimWith } from '../../../test/redis/claims.ts'
import { redis } from './index.ts'
import type { RedisCommand } from './index.ts'

const silent: RedisCommand = () => Promise.resolve(null)

describe('redis', () => {
  it('promises what Redis can keep, and never exactly-once', () => {
    const store = redis(silent)
    expect(store.name).toBe('redis')
    expect(store.idempotency).toMatchObject({ name: 'redis', durable: true, guarantees: ['at-most-once', 'at-least-once'] })
    expect(store.idempotency).not.toHaveProperty('transact')
    expect(store.idempotency).not.toHaveProperty('step')
  })

  it.each([
    ['a client instead of a command function', () => redis({} as RedisCommand), 'expected a command function, got object'],
    ['a prefix that is no text', () => redis(silent, { prefix: 7 as unknown as string }), 'expected prefix to be a string, got number'],
    ['an unknown encoding', () => redis(silent, { encoding: 'hex' as 'binary' }), "expected encoding to be 'binary' or 'base64', got hex"],
    [
      'no replica to wait for',
      () => redis(silent, { waitReplicas: { count: 0, timeoutMs: 1 } }),
      'waitReplicas.count: expected a whole number from 1, got 0',
    ],
    [
      'waiting for ever',
      () => redis(silent, { waitReplicas: { count: 1, timeoutMs: 0 } }),
      'waitReplicas.timeoutMs: expected a whole number from 1, got 0',
    ],
  ])('refuses %s when it is made', (_name, make, message) => {
    expect(make).toThrow(expect.objectContaining({ code: 'configuration-invalid', message: expect.stringContaining(message) }))
  })

  it('rejects every operation once it is closed', async () => {
    const store = redis(silent)
    await store.close()
    await expect(store.idempotency.claim(claimWith())).rejects.toMatchObject({
      code: 'store-unavailable',
      message: 'the Redis store is closed',
    })
    await expect(store.idempotency.doctor()).rejects.toMatchObject({ code: 'store-unavailable' })
  })

  it.each([
    [
      Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' }),
      'Redis did not carry out claim (ECONNREFUSED)',
    ],
    [new Error('LOADING Redis is loading the dataset in memory'), 'Redis did not carry out claim (LOADING)'],
    [new Error('CLUSTERDOWN The cluster is down'), 'Redis did not carry out claim (CLUSTERDOWN)'],
    [new Error('Command timed out'), 'Redis did not carry out claim'],
    ['thrown text', 'Redis did not carry out claim'],
  ])('rejects with store-unavailable and the cause when the client fails with %s', async (cause, message) => {
    const store = redis(() => Promise.reject(cause)).idempotency
    await expect(store.claim(claimWith())).rejects.toMatchObject({ code: 'store-unavailable', message, cause })
  })

  it('treats a client that throws like one that rejects', async () => {
    const store = redis(() => {
      throw new Error('The client is closed')
    }).idempotency
    await expect(store.lookup('id')).rejects.toMatchObject({ code: 'store-unavailable' })
  })
})
