import { describe, expect, it, vi } from 'vitest'
import { createCall, createReply, toFields } from '../core/index.ts'
import type { Call, Reply } from '../core/index.ts'
import { memory } from '../stores/memory/index.ts'
import { defineApi } from './define-api.ts'
import type { ApiDeclaration } from './declaration.ts'

const declaration: ApiDeclaration = {
  store: memory(),
  account: () => 'ada',
  shedding: { initialLimit: 4, maxWaitMs: 0 },
  routes: { 'POST /transfers': { idempotency: 'at-most-once' }, 'GET /reports': { criticality: 'sheddable' } },
}
const call = (method: string, path: string, key?: string, body?: () => Promise<Uint8Array>): Call =>
  createCall({ method, url: path, headers: toFields(key === undefined ? {} : { 'idempotency-key': key }), ...(body && { body }) })

describe('shedding in a declared API', () => {
  it('refuses before the body is read, and leaves the key unused', async () => {
    const { policy } = defineApi(declaration)
    const replies: ((reply: Reply) => void)[] = []
    const pending = (): Promise<Reply> => new Promise((resolve) => replies.push(resolve))
    const running = ['a', 'b', 'c'].map((key) => Promise.resolve(policy(call('POST', '/transfers', key), pending)))
    await vi.waitFor(() => expect(replies).toHaveLength(3))
    const body = vi.fn<() => Promise<Uint8Array>>(async () => new Uint8Array(0))
    const handler = vi.fn<() => Reply>(() => createReply(201))
    expect((await policy(call('POST', '/transfers', 'd', body), handler)).status).toBe(503)
    expect([body.mock.calls.length, handler.mock.calls.length]).toEqual([0, 0])
    for (const reply of replies) reply(createReply(201))
    await Promise.all(running)
    const repeat = await policy(call('POST', '/transfers', 'd', body), handler)
    expect([repeat.status, repeat.headers.get('idempotent-replayed'), handler.mock.calls.length]).toEqual([201, 'false', 1])
  })

  it('sheds what matters less first', async () => {
    const { policy } = defineApi(declaration)
    const never = (): Promise<Reply> => new Promise(() => {})
    void policy(call('GET', '/reports'), never)
    void policy(call('GET', '/reports'), never)
    expect((await policy(call('GET', '/reports'), never)).status).toBe(503)
    expect((await policy(call('POST', '/transfers', 'a'), () => createReply(201))).status).toBe(201)
  })

  it.each<[string, object]>([
    ['GET /reports: criticality only matters with shedding; declare shedding: true', { shedding: false }],
    [
      'GET /reports: criticality: expected one of critical+, critical, sheddable+, sheddable, got "low"',
      { routes: { 'GET /reports': { criticality: 'low' } } },
    ],
    [
      'shedding: unknown option "limit"; expected one of initialLimit, minLimit, maxLimit, maxWaitMs, caller, trust',
      { shedding: { limit: 5 } },
    ],
    ['shedding: expected true, false or rules, got string', { shedding: 'yes' }],
  ])('is refused with a reason: %s', (message, change) => {
    expect(() => defineApi({ ...declaration, ...change } as ApiDeclaration)).toThrow(message)
  })
})
