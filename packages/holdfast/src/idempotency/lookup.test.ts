import { describe, expect, it } from 'vitest'
import { accountFact, createCall, createReply, toFields } from '../core/index.ts'
import { lookupPath, outcomeLookup } from './lookup.ts'
import { toSettings } from './settings.ts'
import { gate, turn, world } from '../../test/support/virtual-server.ts'
import type { World } from '../../test/support/virtual-server.ts'
import { fails, hangs } from '../../test/support/virtual-store.ts'

interface Answer {
  readonly status: number
  readonly json: Record<string, unknown>
}

function asker({ store, clock }: World, secret = 'a secret of the tests, long enough'): (key: string, account?: string) => Promise<Answer> {
  const lookup = outcomeLookup(toSettings({ store, clock, guarantee: 'at-most-once', secret }))
  return async (key, account = 'ada') => {
    const call = createCall({ method: 'GET', url: lookupPath + key, headers: toFields() })
    if (account !== '') call.facts.set(accountFact, account)
    const reply = await lookup(call)
    return { status: reply.status, json: JSON.parse(reply.body as string) as Record<string, unknown> }
  }
}

describe('looking up what became of a key', () => {
  it('finds a finished call, and says where its result is', async () => {
    const here = world()
    await here.server().send()
    await here.pass(1_000)
    expect(await asker(here)('k')).toEqual({
      status: 200,
      json: { state: 'done', attempt: 1, ageMs: 1_000, expiresInMs: 86_399_000, status: 201, location: '/transfers/1', replayable: true },
    })
  })

  it('finds a running, a released and an unknown one', async () => {
    const here = world()
    const ask = asker(here)
    const { handler, open } = gate(() => createReply(429))
    const call = here.server().send({ handler })
    await turn()
    expect((await ask('k')).json).toMatchObject({ state: 'running', attempt: 1, leaseLeftMs: 30_000 })
    open()
    await call
    expect((await ask('k')).json).toMatchObject({ state: 'released' })
    here.faults.heartbeat = hangs
    void here.server().send({ key: 'lost', handler: gate().handler })
    await here.pass(35_000)
    await here.server().send({ key: 'lost' })
    expect((await ask('lost')).json).toMatchObject({ state: 'unknown', attempt: 1 })
  })

  it('finds nothing of another account, nor of a key that was never seen', async () => {
    const here = world()
    await here.server().send()
    const ask = asker(here)
    for (const answer of [await ask('k', 'bob'), await ask('other')])
      expect(answer).toMatchObject({ status: 404, json: { code: 'key-unknown', state: 'absent' } })
    expect(await ask('k', '')).toMatchObject({ status: 401 })
  })

  it('reads keys as they were sent, percent-encoded, quoted or scoped to a route', async () => {
    const here = world()
    await here.server().send({ key: '"a/b,c"' })
    await here.server({ keyScope: 'endpoint' }).send({ key: 'scoped' })
    const ask = asker(here)
    expect((await ask('%22a%2Fb,c%22')).json).toMatchObject({ state: 'done' })
    expect((await ask('scoped?endpoint=POST%20/transfers')).json).toMatchObject({ state: 'done' })
    for (const bad of ['', '%zz', '%22', 'a%00b']) expect(await ask(bad)).toMatchObject({ status: 400, json: { code: 'key-invalid' } })
  })

  it('waits for a running call as long as it is told, and no longer', async () => {
    const here = world()
    const ask = asker(here)
    const { handler, open } = gate()
    void here.server().send({ handler })
    await turn()
    const [patient, impatient] = [ask('k?wait=10'), ask('k?wait=1')]
    await here.pass(2_000)
    expect((await impatient).json).toMatchObject({ state: 'running' })
    open()
    await here.pass(200)
    expect((await patient).json).toMatchObject({ state: 'done' })
  })

  it('takes nonsense for no waiting', async () => {
    const here = world()
    const ask = asker(here)
    void here.server().send({ handler: gate().handler })
    await turn()
    for (const wait of ['x', '-1', 'NaN', '']) expect((await ask(`k?wait=${wait}`)).json).toMatchObject({ state: 'running' })
  })

  it('answers 503 within the timeout while the store is away', async () => {
    const here = world()
    const ask = asker(here)
    here.faults.lookup = fails
    expect(await ask('k')).toMatchObject({ status: 503, json: { code: 'store-unavailable' } })
    here.faults.lookup = hangs
    const answer = ask('k')
    await here.pass(2_100)
    expect(await answer).toMatchObject({ status: 503 })
  })

  it('tells the state of a key whose answer it cannot read, as after a rolled-back deploy', async () => {
    const here = world()
    await here.server().send()
    const [id, record] = [...here.records][0] as [string, typeof here.records extends Map<string, infer R> ? R : never]
    here.records.set(id, { ...record, answer: Uint8Array.of(99, 1, 2, 3) })
    expect(await asker(here)('k')).toMatchObject({ status: 200, json: { state: 'done' } })
    expect((await here.server().send()).json).toMatchObject({ code: 'not-replayable' })
  })
})
