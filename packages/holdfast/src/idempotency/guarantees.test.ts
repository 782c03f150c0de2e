import { describe, expect, it } from 'vitest'
import { createReply } from '../core/index.ts'
import type { Reply } from '../core/index.ts'
import { idempotencyOf } from './context.ts'
import { Retryable } from './outcome.ts'
import { gate, turn, world } from '../../test/support/virtual-server.ts'
import type { Handler, World } from '../../test/support/virtual-server.ts'

const boom: Handler = () => {
  throw new Error('boom')
}

/** A process that claims the key and is never heard of again: its heartbeats stop with it. */
async function vanish(
  { server, faults, pass }: World,
  guarantee: 'at-most-once' | 'at-least-once' | 'resumable',
  handler: Handler = gate().handler,
): Promise<void> {
  faults.heartbeat = () => new Promise(() => {})
  void server({ guarantee }).send({ handler })
  await pass(35_000)
  delete faults.heartbeat
}

describe('at-most-once', () => {
  it('records a failure, so that a retry cannot have a second effect', async () => {
    const { server, effects } = world()
    const { send } = server()
    const first = await send({ handler: boom })
    expect(first.json).toMatchObject({ code: 'handler-failed', status: 500, retryable: false })
    expect(first.text).not.toContain('boom')
    expect(first.headers.get('idempotency-should-retry')).toBe('?0')
    const repeat = await send()
    expect([repeat.status, repeat.text, repeat.headers.get('idempotent-replayed')]).toEqual([500, first.text, 'true'])
    expect(effects).toHaveLength(0)
  })

  it.each<[string, Handler]>([
    ['thrown', () => Promise.reject(new Retryable('not connected'))],
    ['turned into a reply by the framework', () => createReply(new Retryable('not connected').status)],
  ])('runs again after Retryable, %s', async (_how, handler) => {
    const { server, effects } = world()
    const { send } = server()
    await send({ handler }).catch((error: unknown) => expect(error).toBeInstanceOf(Retryable))
    expect((await send()).status).toBe(201)
    expect(effects).toHaveLength(1)
  })

  it('records the failure of a second try after a Retryable that was caught', async () => {
    const { server, effects } = world()
    const { send } = server()
    const handler: Handler = () => {
      void new Retryable('the first provider is away')
      throw new Error('the second one broke off')
    }
    expect((await send({ handler })).status).toBe(500)
    expect((await send()).status).toBe(500)
    expect(effects).toHaveLength(0)
  })

  it('leaves the outcome of a vanished run unknown, and never runs it again', async () => {
    const here = world()
    await vanish(here, 'at-most-once')
    const { send } = here.server()
    expect((await send()).json).toMatchObject({ code: 'outcome-unknown', status: 409, retryable: false, state: 'unknown', attempt: 1 })
    await here.pass(3_600_000)
    expect((await send()).json).toMatchObject({ code: 'outcome-unknown' })
    expect(here.effects).toHaveLength(0)
  })

  it('heals the key when the run was only slow', async () => {
    const here = world()
    const { handler, open } = gate()
    await vanish(here, 'at-most-once', handler)
    const { send } = here.server()
    expect((await send()).json).toMatchObject({ code: 'outcome-unknown' })
    open()
    await turn()
    expect(await send()).toMatchObject({ status: 201, text: 'done' })
  })
})

describe('effects that start at begin()', () => {
  const options = { effectsAfterBegin: true }

  it('release the key after a failure before it', async () => {
    const { server, effects } = world()
    const { send } = server(options)
    await expect(send({ handler: boom })).rejects.toThrow('boom')
    expect((await send({ handler: () => createReply(500) })).status).toBe(500)
    expect((await send()).status).toBe(201)
    expect(effects).toHaveLength(1)
  })

  it('keep the key after a failure past it', async () => {
    const { server, effects } = world()
    const { send } = server(options)
    const handler: Handler = (call) => {
      idempotencyOf(call).begin()
      throw new Error('boom')
    }
    expect((await send({ handler })).status).toBe(500)
    expect((await send()).status).toBe(500)
    expect(effects).toHaveLength(0)
  })
})

describe.each(['at-least-once', 'resumable'] as const)('%s', (guarantee) => {
  it("runs again after a failure, which stays the handler's own", async () => {
    const { server, effects } = world()
    const { send } = server({ guarantee })
    await expect(send({ handler: boom })).rejects.toThrow('boom')
    expect((await send({ handler: () => createReply(503) })).status).toBe(503)
    expect((await send()).status).toBe(201)
    expect((await send()).text).toBe('{"effect":1}')
    expect(effects).toHaveLength(1)
  })

  it('takes a vanished run over when its lease is over, with a higher attempt', async () => {
    const here = world()
    await vanish(here, guarantee)
    const attempts: number[] = []
    const handler: Handler = (call) => {
      attempts.push(idempotencyOf(call).attempt)
      return createReply(201, {}, 'second')
    }
    expect(await here.server({ guarantee }).send({ handler })).toMatchObject({ status: 201, text: 'second' })
    expect(attempts).toEqual([2])
  })

  it.each<[string, () => Reply]>([
    ['answer', () => createReply(201, {}, 'first')],
    ['passing refusal', () => createReply(409, {}, 'first')],
    ['failure', () => createReply(500, {}, 'first')],
    [
      'throw',
      () => {
        throw new Error('first')
      },
    ],
  ])("drops the %s of a late finisher for the winner's answer", async (_what, reply) => {
    const { server, faults, pass } = world()
    const { handler, open } = gate(reply)
    faults.heartbeat = () => new Promise(() => {})
    const late = server({ guarantee }).send({ handler })
    await pass(35_000)
    const winner = await server({ guarantee }).send({ handler: () => createReply(201, {}, 'second') })
    open()
    await turn()
    expect([(await late).status, (await late).text]).toEqual([winner.status, winner.text])
    expect((await late).headers.get('idempotent-replayed')).toBe('true')
  })

  it('tells a late finisher to wait while the winner still runs', async () => {
    const { server, faults, pass } = world()
    const [slow, next] = [gate(() => createReply(201, {}, 'first')), gate(() => createReply(201, {}, 'second'))]
    faults.heartbeat = () => new Promise(() => {})
    const late = server({ guarantee }).send({ handler: slow.handler })
    await pass(35_000)
    const winner = server({ guarantee }).send({ handler: next.handler })
    await turn()
    slow.open()
    await turn()
    expect((await late).json).toMatchObject({ code: 'in-progress', state: 'running' })
    next.open()
    expect((await winner).text).toBe('second')
  })
})
