import { expect, it } from 'vitest'
import { createCall, createReply, toFields } from '../core/index.ts'
import { memory } from '../stores/memory/index.ts'
import { fakeClock } from '../testing/index.ts'
import type { ClaimVerdict } from './record.ts'
import { idempotency } from './policy.ts'

const call = () => createCall({ method: 'POST', url: '/pay', headers: toFields({ 'idempotency-key': 'k' }) })

it('does not run a call whose claim was granted to a process that then stood still for longer than its lease', async () => {
  const clock = fakeClock()
  const { idempotency: store } = memory({ clock })
  const options = { guarantee: 'at-least-once', account: () => 'a', leaseMs: 1_000, clock } as const
  const { promise: granted, resolve: grant } = Promise.withResolvers<void>()
  const { promise: resumed, resolve: resume } = Promise.withResolvers<void>()
  const stopping = {
    ...store,
    async claim(claim: Parameters<typeof store.claim>[0]): Promise<ClaimVerdict> {
      const verdict = await store.claim(claim)
      grant()
      await resumed
      return verdict
    },
  }
  const ran: string[] = []
  const run = (name: string) => () => {
    ran.push(name)
    return createReply(201, {}, name)
  }

  const late = idempotency({ ...options, store: stopping })(call(), run('late'))
  await granted
  clock.advance(1_001)
  const taken = await idempotency({ ...options, store })(call(), run('successor'))
  resume()
  // It asks the store once more, as a repeat does.
  while (clock.pending === 0) await Promise.resolve()
  clock.advance(1_000)
  const answer = await late

  expect(ran).toEqual(['successor'])
  expect(taken.status).toBe(201)
  expect([answer.status, answer.headers.get('idempotent-replayed')]).toEqual([201, 'true'])
})
