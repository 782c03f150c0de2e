import { describe, expect, it } from 'vitest'
import { createCall, createReply, jsonReply, toFields } from '../core/index.ts'
import { idempotencyOf } from './context.ts'
import { world } from '../../test/support/virtual-server.ts'
import type { Handler } from '../../test/support/virtual-server.ts'
import { fails, hangs, losesReply } from '../../test/support/virtual-store.ts'

const resumable = { guarantee: 'resumable' } as const

/** Runs the steps in order; the process "crashes" before the one named. */
function workflow(log: string[], crashBefore?: string): Handler {
  return async () => {
    const results: unknown[] = []
    for (const name of ['reserve', 'charge', 'ship', 'mail']) {
      if (name === crashBefore) throw new Error(`crash before ${name}`)
      results.push(
        await idempotencyOf().step(name, () => {
          log.push(name)
          return { name, key: idempotencyOf().derive(name) }
        }),
      )
    }
    return jsonReply(201, results)
  }
}

describe('the steps of a resumable call', () => {
  it.each(['charge', 'ship', 'mail'])('run once each, through a crash before %s', async (name) => {
    const { server } = world()
    const { send } = server(resumable)
    const log: string[] = []
    await expect(send({ handler: workflow(log, name) })).rejects.toThrow('crash')
    const reply = await send({ handler: workflow(log) })
    expect(log).toEqual(['reserve', 'charge', 'ship', 'mail'])
    expect(reply.status).toBe(201)
    expect(JSON.parse(reply.text)).toHaveLength(4)
  })

  it('run again when the crash came between effect and save, under the same derived key', async () => {
    const { server, faults } = world()
    const { send } = server(resumable)
    const charges: string[] = []
    const handler: Handler = async () => {
      await idempotencyOf().step('charge', () => void charges.push(idempotencyOf().derive('charge')))
      return createReply(201)
    }
    faults.step = fails
    expect((await send({ handler })).status).toBe(503)
    delete faults.step
    expect((await send({ handler })).status).toBe(201)
    expect(charges).toHaveLength(2)
    expect(new Set(charges).size).toBe(1)
  })

  it('commit rows and result together', async () => {
    const { server, rows } = world()
    const { send } = server(resumable)
    const handler =
      (fail: boolean): Handler =>
      async () => {
        await idempotencyOf().stepInTransaction('book', (transaction) => (transaction as string[]).push('booked'))
        if (fail) throw new Error('crash')
        return createReply(201)
      }
    await expect(send({ handler: handler(true) })).rejects.toThrow('crash')
    expect((await send({ handler: handler(false) })).status).toBe(201)
    expect(rows).toEqual(['booked'])
  })

  it('are all remembered when they run side by side', async () => {
    const { server } = world()
    const { send } = server(resumable)
    const log: string[] = []
    const handler =
      (fail: boolean): Handler =>
      async () => {
        await Promise.all(['a', 'b', 'c'].map((name) => idempotencyOf().step(name, () => void log.push(name))))
        if (fail) throw new Error('crash')
        return createReply(201)
      }
    await expect(send({ handler: handler(true) })).rejects.toThrow('crash')
    await send({ handler: handler(false) })
    expect(log.toSorted()).toEqual(['a', 'b', 'c'])
  })

  it('happen once although the reply to a save was lost, whatever the handler goes on to do', async () => {
    const { server, faults, rows } = world()
    const { send } = server(resumable)
    const book = (name: string) => idempotencyOf().stepInTransaction(name, (transaction) => (transaction as string[]).push(name))
    faults.step = (operation) => {
      delete faults.step
      return losesReply(operation)
    }
    const hasty: Handler = async () => {
      await Promise.allSettled([book('debit'), book('credit')])
      await book('debit').catch(() => {})
      throw new Error('crash')
    }
    await expect(send({ handler: hasty })).rejects.toThrow('crash')
    const again: Handler = async () => {
      await book('debit')
      await book('credit')
      return createReply(201)
    }
    expect((await send({ handler: again })).status).toBe(201)
    expect(rows).toEqual(['debit', 'credit'])
  })

  it('may be tried again by a handler when the store never began them', async () => {
    const { server, faults } = world()
    faults.step = fails
    const reply = await server(resumable).send({
      handler: async () => {
        await expect(idempotencyOf().stepInTransaction('book', () => 1)).rejects.toMatchObject({ code: 'store-unavailable' })
        delete faults.step
        return jsonReply(201, await idempotencyOf().stepInTransaction('book', () => 2))
      },
    })
    expect(reply.text).toBe('2')
  })

  it.each(['constructor', 'toString', '__proto__', ''])('may be called %j', async (name) => {
    const { server } = world()
    const { send } = server(resumable)
    let runs = 0
    const handler =
      (fail: boolean): Handler =>
      async () => {
        const result = await idempotencyOf().step(name, () => {
          runs++
          return 'ran'
        })
        if (fail) throw new Error('crash')
        return createReply(200, {}, result)
      }
    await expect(send({ handler: handler(true) })).rejects.toThrow('crash')
    expect((await send({ handler: handler(false) })).text).toBe('ran')
    expect(runs).toBe(1)
  })

  it('are not started once the lease is lost, nor saved', async () => {
    const { server, records } = world()
    let error: unknown
    const reply = await server(resumable).send({
      handler: async () => {
        for (const [id, record] of records) records.set(id, { ...record, owner: 'another process' })
        await idempotencyOf()
          .step('charge', () => 1)
          .catch((caught: unknown) => (error = caught))
        expect(idempotencyOf().signal.aborted).toBe(true)
        await expect(idempotencyOf().step('mail', () => expect.fail('must not run'))).rejects.toMatchObject({ code: 'lease-lost' })
        return createReply(201)
      },
    })
    expect(error).toMatchObject({ code: 'lease-lost' })
    expect(reply.json).toMatchObject({ code: 'in-progress' })
  })

  it.each(['step', 'stepInTransaction'] as const)('do not hang with the store (%s)', async (kind) => {
    const { server, faults, pass } = world()
    faults.step = hangs
    const reply = server(resumable).send({
      handler: async () => {
        await idempotencyOf()[kind]('charge', () => 1)
        return createReply(201)
      },
    })
    await pass(2_100)
    expect((await reply).json).toMatchObject({ code: 'store-unavailable' })
  })

  it('are refused inside the transaction of another step, where they would wait for ever', async () => {
    const { server } = world()
    const reply = server(resumable).send({
      handler: async () => {
        await idempotencyOf().stepInTransaction('outer', () => idempotencyOf().step('inner', () => 1))
        return createReply(201)
      },
    })
    await expect(reply).rejects.toThrow('step "inner": it was started inside stepInTransaction')
  })

  it('are refused before their effect on a route that cannot save them', async () => {
    const { server } = world()
    let ran = false
    let refusal: unknown
    await server({ guarantee: 'at-most-once' }).send({
      handler: async () => {
        await idempotencyOf()
          .step('charge', () => (ran = true))
          .catch((error: unknown) => (refusal = error))
        return createReply(201)
      },
    })
    expect(refusal).toMatchObject({
      code: 'configuration-invalid',
      message: 'step "charge": the route is declared at-most-once; steps need \'resumable\'',
    })
    expect(ran).toBe(false)
  })
})

describe('the idempotency context', () => {
  it('does not exist for a call without a key', () => {
    const call = createCall({ method: 'POST', url: '/', headers: toFields() })
    expect(() => idempotencyOf(call)).toThrow('idempotencyOf() was called for a call without an idempotency key')
    expect(() => idempotencyOf()).toThrow('currentCall() was called outside a handler')
  })
})
