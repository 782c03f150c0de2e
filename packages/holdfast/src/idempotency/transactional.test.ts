import { describe, expect, it } from 'vitest'
import { createReply, jsonReply, transactionFact } from '../core/index.ts'
import type { Call } from '../core/index.ts'
import { idempotencyOf } from './context.ts'
import { Retryable } from './outcome.ts'
import { gate, turn, world } from '../../test/support/virtual-server.ts'
import type { Handler } from '../../test/support/virtual-server.ts'
import { fails, hangs, losesReply } from '../../test/support/virtual-store.ts'

const unavailable = { code: 'store-unavailable', status: 503, retryable: true }
const write = (call: Call, row = 'paid'): number => (call.facts.get(transactionFact) as string[]).push(row)
const pay: Handler = (call) => {
  write(call)
  return jsonReply(201, { paid: true })
}
const exactlyOnce = { guarantee: 'exactly-once' } as const

describe('exactly-once', () => {
  it('commits effect and answer together, once', async () => {
    const { server, rows } = world()
    const { send } = server(exactlyOnce)
    const replies = await Promise.all(Array.from({ length: 20 }, () => send({ handler: pay })))
    expect(new Set(replies.map(({ status, text }) => `${status} ${text}`))).toEqual(new Set(['201 {"paid":true}']))
    expect((await send({ handler: pay })).headers.get('idempotent-replayed')).toBe('true')
    expect(rows).toEqual(['paid'])
  })

  it.each<[string, Handler]>([
    [
      'a throw',
      (call) => {
        write(call)
        throw new Error('boom')
      },
    ],
    [
      'Retryable',
      (call) => {
        write(call)
        throw new Retryable('away')
      },
    ],
    [
      'a failure',
      (call) => {
        write(call)
        return createReply(500)
      },
    ],
    [
      'a passing refusal',
      (call) => {
        write(call)
        return createReply(409)
      },
    ],
  ])('rolls the effect back with %s, and a retry runs at once', async (_what, handler) => {
    const { server, rows, records } = world()
    const { send } = server(exactlyOnce)
    await send({ handler }).catch(() => undefined)
    expect([rows, records.size]).toEqual([[], 0])
    expect((await send({ handler: pay })).status).toBe(201)
    expect(rows).toEqual(['paid'])
  })

  it('records a final refusal, and undoes what was written before it', async () => {
    const { server, rows } = world()
    const { send } = server(exactlyOnce)
    const handler: Handler = (call) => {
      write(call, 'refused')
      return createReply(422, {}, 'no funds')
    }
    expect((await send({ handler })).status).toBe(422)
    expect((await send({ handler: pay })).text).toBe('no funds')
    expect(rows).toEqual([])
  })

  it('gives handlers their key, the first attempt, and derived keys', async () => {
    const { server } = world()
    const seen: unknown[] = []
    await server(exactlyOnce).send({
      handler: (call) => {
        const { key, attempt } = idempotencyOf(call)
        seen.push(key, attempt)
        return createReply(201)
      },
    })
    expect(seen).toEqual(['k', 1])
  })

  it('leaves no trace when the answer breaks off before it is whole', async () => {
    const { server, rows } = world()
    const { send } = server(exactlyOnce)
    const handler: Handler = (call) => {
      write(call)
      return createReply(200, {}, new ReadableStream({ pull: () => Promise.reject(new Error('disk')) }))
    }
    await expect(send({ handler })).rejects.toMatchObject({ code: 'body-incomplete' })
    expect((await send({ handler: pay })).status).toBe(201)
    expect(rows).toEqual(['paid'])
  })
})

describe('a store that fails an exactly-once call', () => {
  it('before it begins, turns it away within the timeout', async () => {
    const { server, faults, rows, pass } = world()
    const { send } = server(exactlyOnce)
    faults.transact = fails
    expect((await send({ handler: pay })).json).toMatchObject(unavailable)
    faults.transact = hangs
    const reply = send({ handler: pay })
    await pass(2_100)
    expect((await reply).json).toMatchObject(unavailable)
    expect(rows).toEqual([])
  })

  it('does not run a transaction that begins after its caller was turned away', async () => {
    const { server, faults, rows, records, pass } = world()
    const { send } = server(exactlyOnce)
    const arrives = Promise.withResolvers<void>()
    faults.transact = async (operation) => {
      await arrives.promise
      return operation()
    }
    const { handler, runs } = gate()
    const reply = send({ handler })
    await pass(2_100)
    expect((await reply).json).toMatchObject(unavailable)
    arrives.resolve()
    await turn()
    expect([runs(), rows, records.size]).toEqual([0, [], 0])
  })

  it('does not bound the handler, only the store', async () => {
    const { server, pass } = world()
    const { handler, open } = gate()
    const reply = server(exactlyOnce).send({ handler })
    await pass(60_000)
    open()
    expect((await reply).status).toBe(201)
  })

  it('at the commit, leads to the recorded answer on a retry, or to a clean run', async () => {
    for (const fault of [losesReply, fails]) {
      const { server, faults, rows } = world()
      const { send } = server(exactlyOnce)
      faults.transact = fault
      expect((await send({ handler: pay })).json).toMatchObject(unavailable)
      delete faults.transact
      expect(await send({ handler: pay })).toMatchObject({ status: 201, text: '{"paid":true}' })
      expect(rows).toEqual(['paid'])
    }
  })

  it.each<[string, Handler]>([
    ['commits', pay],
    ['rolls back after a throw', () => Promise.reject(new Error('boom'))],
    ['rolls back a refusal', () => createReply(409)],
  ])('never leaves a call hanging while it %s', async (_what, handler) => {
    const { server, faults, pass } = world()
    faults.transact = async (operation) => {
      await operation().catch(() => undefined)
      return new Promise(() => {})
    }
    const reply = server(exactlyOnce).send({ handler })
    await pass(2_100)
    expect((await reply).json).toMatchObject(unavailable)
  })
})

describe('an exactly-once route called without a key', () => {
  const optional = { ...exactlyOnce, key: 'optional' } as const
  const sent = { key: '' } as const

  it('runs in a transaction all the same, each time', async () => {
    const { server, rows, records } = world()
    const { send } = server(optional)
    await send({ ...sent, handler: pay })
    await send({ ...sent, handler: pay })
    expect([rows, records.size]).toEqual([['paid', 'paid'], 0])
  })

  it.each([409, 429, 500])('rolls back what a keyed call would: %i', async (status) => {
    const { server, rows } = world()
    const handler: Handler = (call) => {
      write(call)
      return createReply(status)
    }
    expect((await server(optional).send({ ...sent, handler })).status).toBe(status)
    expect(rows).toEqual([])
  })

  it('commits only once the whole answer was produced', async () => {
    const { server, rows } = world()
    const handler: Handler = (call) =>
      createReply(
        200,
        {},
        {
          async capture() {
            write(call, 'late')
            return new TextEncoder().encode('done')
          },
        },
      )
    expect((await server(optional).send({ ...sent, handler })).text).toBe('done')
    expect(rows).toEqual(['late'])
  })

  it('is turned away when the store is', async () => {
    const { server, faults } = world()
    faults.transact = fails
    expect((await server(optional).send({ ...sent, handler: pay })).json).toMatchObject(unavailable)
  })
})
