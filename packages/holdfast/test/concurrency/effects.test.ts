import { expect, it } from 'vitest'
import { expectationOf, stateTag } from '../../src/concurrency/index.ts'
import { currentCall } from '../../src/core/index.ts'
import { describeMatrix } from '../scenarios/matrix.ts'
import type { ScenarioHandler } from '../scenarios/matrix.ts'

const match = (state: number) => ({ 'if-match': stateTag(state) })

describeMatrix(
  'a conflict that is found after an effect',
  { kits: ['node', 'express', 'fastify', 'hono'], stores: ['sqlite', 'postgres'] },
  ({ open, start }) => {
    const routes = { 'POST /transfers': { idempotency: 'exactly-once', precondition: { rule: 'required', onIgnored: 'throw' } } } as const

    it('undoes it and leaves the key unused, whatever the handler answers [C21]', async () => {
      for (const status of [201, 404, 409, 500]) {
        const opened = await open()
        const handler: ScenarioHandler = async ({ asked, add }) => {
          await asked.body()
          await add()
          return { status: expectationOf(currentCall()).verify({ state: 5 }) ? 201 : status }
        }
        const { post } = await start({ open: opened, handler, declaration: { routes } })
        const stale = await post('/transfers', { headers: match(4) })
        // To answer a conflict with a success is the mistake of ignoring it.
        if (status === 201) expect([418, 500]).toContain(stale.status)
        else expect([stale.status, stale.json['code'], stale.headers['idempotent-replayed']]).toEqual([412, 'version-conflict', 'false'])
        expect(await opened.effects()).toBe(0)
        const fresh = await post('/transfers', { headers: match(5) })
        expect([fresh.status, fresh.headers['idempotent-replayed'], await opened.effects()]).toEqual([201, 'false', 1])
      }
    })

    it('is found out where the handler ignores it, and undone [C28]', async () => {
      const opened = await open()
      let ignores = true
      const handler: ScenarioHandler = async ({ asked, add }) => {
        await asked.body()
        await add()
        if (!ignores) expectationOf(currentCall()).verify({ state: 5 })
        return { status: 201 }
      }
      const { post } = await start({ open: opened, handler, declaration: { routes } })
      expect((await post('/transfers', { headers: match(5) })).status).toBe(500)
      expect(await opened.effects()).toBe(0)
      ignores = false
      expect([(await post('/transfers', { headers: match(5) })).status, await opened.effects()]).toEqual([201, 1])
    })
  },
)

describeMatrix('a conflict without a transaction', { kits: ['node'], stores: ['memory', 'redis'] }, ({ open, start }) => {
  it('leaves the key unused [C21]', async () => {
    const routes = { 'POST /transfers': { idempotency: 'at-most-once', precondition: 'required' } } as const
    const handler: ScenarioHandler = () => ({ status: expectationOf(currentCall()).verify({ state: 5 }) ? 201 : 404 })
    const { post } = await start({ open: await open(), handler, declaration: { routes } })
    const stale = await post('/transfers', { headers: match(4) })
    // That the key was looked up tells its caller that no earlier send of this write took effect.
    expect([stale.status, stale.headers['idempotent-replayed']]).toEqual([412, 'false'])
    expect((await post('/transfers', { headers: match(5) })).status).toBe(201)
    expect((await post('/transfers', { headers: match(4) })).headers['idempotent-replayed']).toBe('true')
  })
})
