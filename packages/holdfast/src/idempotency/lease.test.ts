import { describe, expect, it } from 'vitest'
import { bodyIncomplete, createReply } from '../core/index.ts'
import { idempotencyOf } from './context.ts'
import { gate, turn, world } from '../../test/support/virtual-server.ts'
import type { Handler } from '../../test/support/virtual-server.ts'
import { fails, hangs } from '../../test/support/virtual-store.ts'

describe('a lease', () => {
  it('is kept alive for as long as the handler runs, so that nobody takes over', async () => {
    const { server, asked, pass } = world()
    const { handler, runs, open } = gate()
    const first = server({ guarantee: 'at-least-once' }).send({ handler })
    await pass(300_000)
    expect(asked.heartbeat).toBeGreaterThanOrEqual(29)
    expect((await server({ guarantee: 'at-least-once', whileRunning: 'conflict' }).send()).json).toMatchObject({ code: 'in-progress' })
    open()
    expect((await first).status).toBe(201)
    expect(runs()).toBe(1)
  })

  it.each<[string, Handler, number | 'throws']>([
    ['answer', () => createReply(201), 201],
    ['release', () => createReply(409), 409],
    ['recorded failure', () => Promise.reject(new Error('boom')), 500],
    ['body that breaks off', () => createReply(200, {}, { capture: () => Promise.reject(bodyIncomplete()) }), 200],
    ['body that cannot be read at all', () => createReply(200, {}, { capture: () => Promise.reject(new TypeError('bug')) }), 'throws'],
  ])('is not kept any longer after: %s', async (_what, handler, outcome) => {
    const { server, clock } = world()
    const sent = server().send({ handler })
    const status = await sent.then(
      (reply) => reply.status,
      () => 'throws',
    )
    // The harness cannot read a body that breaks off: that rejects as well.
    expect([outcome, 'throws']).toContain(status)
    await turn()
    expect(clock.pending).toBe(0)
  })

  it("is not kept any longer after an error in the store's own code", async () => {
    const { server, clock, faults } = world()
    faults.complete = () => Promise.reject(new TypeError('bug in a driver'))
    await expect(server().send()).rejects.toThrow('bug in a driver')
    await turn()
    expect(clock.pending).toBe(0)
  })

  it('survives heartbeats that fail or are not answered', async () => {
    const { server, faults, pass } = world()
    const { handler, open } = gate()
    const first = server().send({ handler })
    for (const fault of [fails, hangs]) {
      faults.heartbeat = fault
      await pass(15_000)
    }
    delete faults.heartbeat
    await pass(30_000)
    open()
    expect((await first).status).toBe(201)
  })

  it('that was lost aborts the signal of the handler', async () => {
    const { server, faults, pass } = world()
    let signal: AbortSignal | undefined
    const { handler, open } = gate()
    faults.heartbeat = hangs
    const late = server({ guarantee: 'at-least-once' }).send({
      handler: (call) => {
        signal = idempotencyOf(call).signal
        return handler(call)
      },
    })
    await pass(35_000)
    await server({ guarantee: 'at-least-once' }).send()
    expect(signal?.aborted).toBe(false)
    delete faults.heartbeat
    await pass(15_000)
    expect(signal?.aborted).toBe(true)
    expect(signal?.reason).toMatchObject({ code: 'lease-lost' })
    open()
    expect((await late).text).toBe('{"effect":1}')
  })

  it('that was lost to nobody leaves the outcome unknown when the handler stops', async () => {
    const { server, faults, pass } = world()
    faults.heartbeat = hangs
    const late = server().send({
      handler: (call) =>
        new Promise((_resolve, reject) => {
          const { signal } = idempotencyOf(call)
          signal.addEventListener('abort', () => reject(signal.reason as Error))
        }),
    })
    await pass(35_000)
    expect((await server().send()).json).toMatchObject({ code: 'outcome-unknown' })
    delete faults.heartbeat
    await pass(15_000)
    expect((await late).json).toMatchObject({ code: 'outcome-unknown', retryable: false })
  })
})
