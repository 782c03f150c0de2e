import { describe, expect, it } from 'vitest'
import { createReply } from '../core/index.ts'
import type { UnknownOutcome } from './options.ts'
import { resolveKey } from './reconcile.ts'
import { toSettings } from './settings.ts'
import { gate, turn, world } from '../../test/support/virtual-server.ts'
import type { Handler, World } from '../../test/support/virtual-server.ts'

/** A world in which a run under the key has vanished, and its lease is over. */
async function afterCrash(handler: Handler = gate().handler): Promise<World> {
  const here = world()
  here.faults.heartbeat = () => new Promise(() => {})
  void here.server().send({ handler })
  await here.pass(35_000)
  return here
}

const settingsOf = ({ store, clock }: World) =>
  toSettings({ store, clock, guarantee: 'at-most-once', secret: 'a secret of the tests, long enough' })
const name = { account: 'ada', key: 'k' }

describe('asking what became of a vanished run', () => {
  it('makes the answer found the answer of the key', async () => {
    const { server, effects } = await afterCrash()
    const { send } = server({ reconcile: async () => createReply(201, { location: '/transfers/9' }, 'found') })
    expect(await send()).toMatchObject({ status: 201, text: 'found' })
    expect((await server().send()).headers.get('location')).toBe('/transfers/9')
    expect(effects).toHaveLength(0)
  })

  it('runs the call when it had no effect', async () => {
    const { server, effects } = await afterCrash()
    expect((await server({ reconcile: async () => 'no-effect' }).send()).status).toBe(201)
    expect(effects).toHaveLength(1)
  })

  it('leaves the outcome unknown when nobody knows', async () => {
    const { server, effects } = await afterCrash()
    const { send } = server({ reconcile: async () => undefined })
    expect((await send()).json).toMatchObject({ code: 'outcome-unknown', retryable: false, state: 'unknown', attempt: 1 })
    expect(effects).toHaveLength(0)
  })

  it('is told the account, the key, the attempt and the keys the run sent downstream', async () => {
    let sentDownstream = ''
    const vanishing = gate()
    const { server } = await afterCrash((call) => vanishing.handler(call))
    const asked: UnknownOutcome[] = []
    const ask = async (outcome: UnknownOutcome): Promise<undefined> => {
      sentDownstream = outcome.derive('charge')
      asked.push(outcome)
    }
    await server({ reconcile: ask }).send()
    expect(asked).toMatchObject([{ account: 'ada', key: 'k', attempt: 1 }])
    expect(sentDownstream).toMatch(/^[0-9a-f]{8}-/)
  })

  it.each<[string, Awaited<ReturnType<Handler>> | 'no-effect' | undefined, number]>([
    ['an answer', createReply(201, {}, 'found'), 201],
    ['no effect', 'no-effect', 201],
    ['nothing', undefined, 409],
  ])('is done once, however many repeats come at once, and all of them learn %s', async (_what, found, status) => {
    const { server } = await afterCrash()
    let asked = 0
    const known = Promise.withResolvers<void>()
    const { send } = server({
      reconcile: async () => {
        asked++
        await known.promise
        return found
      },
    })
    const all = Promise.all(Array.from({ length: 20 }, () => send()))
    await turn()
    known.resolve()
    const replies = await all
    expect(new Set(replies.map((reply) => `${reply.status} ${reply.status === 201 ? reply.text : ''}`)).size).toBe(1)
    expect(replies[0]?.status).toBe(status)
    expect(asked).toBe(1)
  })

  it('is not done for another call under the key', async () => {
    const { server } = await afterCrash()
    const { send } = server({ reconcile: () => expect.fail('must not ask') })
    expect((await send({ body: { amount: 6 } })).json).toMatchObject({ code: 'key-reused' })
  })

  it('fences the vanished run, should it come back', async () => {
    const slow = gate(() => createReply(201, {}, 'late'))
    const here = world()
    here.faults.heartbeat = () => new Promise(() => {})
    const late = here.server().send({ handler: slow.handler })
    await here.pass(35_000)
    await here.server({ reconcile: async () => createReply(201, {}, 'found') }).send()
    slow.open()
    expect((await late).text).toBe('found')
  })

  it('passes on an error of the callback, and leaves the key as it was', async () => {
    const { server } = await afterCrash()
    await expect(server({ reconcile: () => Promise.reject(new Error('provider down')) }).send()).rejects.toThrow('provider down')
    expect((await server().send()).json).toMatchObject({ code: 'outcome-unknown' })
  })
})

describe('settling a key by hand', () => {
  it('as a response: repeats get it', async () => {
    const here = await afterCrash()
    await here.server().send()
    expect(await resolveKey(settingsOf(here), name, { response: createReply(200, {}, 'by hand') })).toBe(true)
    expect((await here.server().send()).text).toBe('by hand')
    expect(await resolveKey(settingsOf(here), name, 'rerun')).toBe(false)
  })

  it('as a rerun: the next call runs', async () => {
    const here = await afterCrash()
    await here.server().send()
    expect(await resolveKey(settingsOf(here), name, 'rerun')).toBe(true)
    expect((await here.server().send()).text).toBe('{"effect":1}')
  })

  it('does nothing to a key that is not unknown', async () => {
    const here = world()
    await here.server().send()
    expect(await resolveKey(settingsOf(here), name, 'rerun')).toBe(false)
    expect(await resolveKey(settingsOf(here), { ...name, key: 'never seen' }, 'rerun')).toBe(false)
    expect(here.effects).toHaveLength(1)
  })
})
