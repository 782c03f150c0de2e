import { describe, expect, it } from 'vitest'
import type { Claim } from '../../idempotency/record.ts'
import { fakeClock } from '../../testing/index.ts'
import { memory } from './index.ts'

const claim: Claim = {
  id: 'key',
  scope: 'account',
  fingerprint: 'call',
  owner: 'me',
  leaseMs: 30_000,
  onOrphan: 'unknown',
  unknownRetentionMs: 3_000_000,
  retentionMs: 100_000,
}

const answer = new TextEncoder().encode('201')

function openStore(maxRecords?: number) {
  const clock = fakeClock()
  const store = memory(maxRecords === undefined ? { clock } : { clock, maxRecords }).idempotency
  const finish = async (id: string, retentionMs: number, changes: Partial<Claim> = {}): Promise<void> => {
    await store.claim({ ...claim, ...changes, id })
    await store.complete({ id, owner: 'me', answer, retentionMs })
  }
  return { clock, store, finish }
}

describe('a memory store', () => {
  it('promises what one process can keep, and warns that a restart forgets', async () => {
    const { store } = openStore()
    expect(store).toMatchObject({ name: 'memory', durable: false, guarantees: ['at-most-once', 'at-least-once'] })
    expect(await store.doctor()).toMatchObject([{ severity: 'warning', code: 'memory-lost-on-exit' }])
  })

  it('refuses a new key when it is full of live records, and drops none of them', async () => {
    const { store, finish } = openStore(2)
    await finish('a', 1_000)
    await store.claim({ ...claim, id: 'b' })
    await expect(store.claim({ ...claim, id: 'c' })).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(await store.claim({ ...claim, id: 'a' })).toEqual({ kind: 'done', answer, attempt: 1 })
    expect(await store.claim({ ...claim, id: 'b', owner: 'other' })).toMatchObject({ kind: 'running' })
    expect(await store.lookup('c')).toBeUndefined()
  })

  it('takes new keys again once records have expired', async () => {
    const { clock, store, finish } = openStore(2)
    await finish('a', 1_000)
    await store.claim({ ...claim, id: 'b' })
    clock.advance(1_000)
    expect(await store.claim({ ...claim, id: 'c' })).toMatchObject({ kind: 'acquired' })
    await expect(store.claim({ ...claim, id: 'd' })).rejects.toMatchObject({ code: 'store-unavailable' })
  })

  it('says that a key is too old rather than that there is no room', async () => {
    const { clock, store } = openStore(1)
    await store.claim({ ...claim, id: 'a' })
    expect(await store.claim({ ...claim, id: 'b', mintedAt: clock.now() - 200_000 })).toEqual({ kind: 'expired' })
  })

  it('counts only live records of an account for its quota', async () => {
    const { clock, store, finish } = openStore()
    const limited = { quota: 2 }
    await finish('a', 1_000, limited)
    await finish('b', 5_000, limited)
    expect(await store.claim({ ...claim, ...limited, id: 'c' })).toEqual({ kind: 'quota' })
    clock.advance(1_000)
    expect(await store.claim({ ...claim, ...limited, id: 'c' })).toMatchObject({ kind: 'acquired' })
    expect(await store.claim({ ...claim, ...limited, id: 'd' })).toEqual({ kind: 'quota' })
  })

  it('collects as many expired records as it is asked to, running ones never', async () => {
    const { clock, store, finish } = openStore()
    await store.claim({ ...claim, id: 'running' })
    for (const id of ['a', 'b', 'c', 'd', 'e']) await finish(id, 1_000)
    expect(await store.collect(10)).toBe(0)
    clock.advance(1_000)
    expect(await store.collect(2)).toBe(2)
    expect(await store.collect(10)).toBe(3)
    expect(await store.collect(10)).toBe(0)
    expect(await store.lookup('running')).toMatchObject({ state: 'running', leaseLeftMs: 29_000 })
  })

  it('deletes two expired records for each new one, so that it does not grow without a collector', async () => {
    const { clock, store, finish } = openStore()
    for (let key = 0; key < 10; key++) await finish(`old ${key}`, 1_000)
    clock.advance(1_000)
    for (let key = 0; key < 3; key++) await store.claim({ ...claim, id: `new ${key}` })
    expect(await store.collect(100)).toBe(4)
  })

  it('stays small when one key is released over and over', async () => {
    const { clock, store, finish } = openStore()
    for (let round = 0; round < 1_000; round++) {
      await store.claim({ ...claim, owner: `${round}` })
      clock.advance(1)
      await store.release('key', `${round}`, 1_000_000)
    }
    await finish('other', 1_000)
    clock.advance(1_000)
    expect(await store.collect(10)).toBe(1)
    expect(await store.lookup('key')).toMatchObject({ state: 'released', attempt: 1_000 })
  })

  it('judges leases by a clock that wall time cannot move', async () => {
    const store = memory().idempotency
    await store.claim(claim)
    const { now } = Date
    try {
      Date.now = () => now() + 3_600_000
      expect(await store.claim({ ...claim, owner: 'other' })).toMatchObject({ kind: 'running' })
    } finally {
      Date.now = now
    }
  })

  it('knows the time of day, by which keys say when they were made', async () => {
    const store = memory().idempotency
    expect(await store.claim({ ...claim, mintedAt: Date.now() - 90_000 })).toMatchObject({ kind: 'acquired' })
    expect(await store.claim({ ...claim, id: 'old', mintedAt: Date.now() - 110_000 })).toEqual({ kind: 'expired' })
  })

  it('refuses everything once it is closed', async () => {
    const { idempotency, close } = memory()
    await close()
    await expect(idempotency.claim(claim)).rejects.toMatchObject({ code: 'store-unavailable' })
    await expect(idempotency.lookup('key')).rejects.toMatchObject({ code: 'store-unavailable' })
    await expect(idempotency.collect(1)).rejects.toMatchObject({ code: 'store-unavailable' })
  })

  it.for([0, -1, 1.5, Number.NaN])('refuses to be made for %s records', (maxRecords) => {
    expect(() => memory({ maxRecords })).toThrow(/maxRecords: expected a whole number from 1, got/)
  })
})
