import { describe, expect, it } from 'vitest'
import { isHoldfastError } from '../core/index.ts'
import { memory } from '../stores/memory/index.ts'
import { defineApi } from './define-api.ts'
import type { ApiDeclaration } from './declaration.ts'

const sound: ApiDeclaration = { store: memory(), account: () => 'ada', routes: { 'POST /transfers': { idempotency: 'at-most-once' } } }

/** As a caller in plain JavaScript may write it. */
const declare = (change: object): unknown => defineApi({ ...sound, ...change } as ApiDeclaration)
const route = (idempotency: unknown): object => ({ routes: { 'POST /transfers': { idempotency } } })

describe('a declaration', () => {
  it('is accepted when it is sound', async () => {
    await defineApi(sound).drain()
    await defineApi({ store: { name: 'limits only' }, singleTenant: true, routes: { 'GET /transfers': {} } }).drain()
  })

  it.each<[string, object, string]>([
    [
      'no account',
      { account: undefined },
      'account: expected a function from a request to its account, got undefined; without it one caller would receive the answers of another (set singleTenant: true if there is only one)',
    ],
    ['an account that is no function', { account: 'ada' }, 'account: expected a function from a request to its account, got string'],
    ['account and singleTenant', { singleTenant: true }, 'account and singleTenant: expected one of them, got both'],
    [
      'an unknown option',
      { acount: () => 'ada' },
      'defineApi: unknown option "acount"; expected one of store, account, singleTenant, routes, versions',
    ],
    ['no store', { store: undefined }, 'store: expected a store such as sqlite(...), postgres(...), redis(...) or memory(), got undefined'],
    ['no routes', { routes: undefined }, 'routes: expected an object by "METHOD /path", got undefined'],
    [
      'a route that is no object',
      { routes: { 'POST /transfers': 'at-most-once' } },
      'POST /transfers: expected an object such as { idempotency: "exactly-once" }, got string',
    ],
    [
      'a route with an unknown option',
      { routes: { 'POST /transfers': { idempotence: 'at-most-once' } } },
      'POST /transfers: unknown option "idempotence"; expected one of idempotency',
    ],
    [
      'a rule with an unknown option',
      route({ guarantee: 'at-most-once', lease: 5 }),
      'POST /transfers: idempotency: unknown option "lease"; expected one of guarantee, key',
    ],
    [
      'a guarantee the store cannot give',
      route('exactly-once'),
      'POST /transfers: the memory store cannot give "exactly-once" (it gives at-most-once, at-least-once); sqlite(...) or postgres(...) can',
    ],
    ['steps the store cannot save', route('resumable'), 'sqlite(...) or postgres(...) can, when the handler writes to the same database'],
    [
      'a guarantee that does not exist',
      route('exactly_once'),
      'cannot give "exactly_once" (it gives at-most-once, at-least-once); expected one of exactly-once, resumable, at-most-once, at-least-once',
    ],
    [
      'keys on a safe method',
      { routes: { 'GET /transfers': { idempotency: 'at-most-once' } } },
      'GET /transfers: GET has no effect to protect; expected POST, PATCH, PUT or DELETE',
    ],
    [
      'keys without a store for them',
      { store: { name: 'limits' } },
      'POST /transfers: the limits store keeps no idempotency keys; give one that does, such as sqlite(...)',
    ],
    [
      'a lasting store without a secret',
      { store: { name: 'disk', idempotency: { ...memory().idempotency, name: 'disk', durable: true } } },
      'secret: the disk store outlives the process, so its records must be sealed; give a secret of at least 16 characters',
    ],
    ['a short secret', { secret: 'hunter2' }, 'secret: expected at least 16 characters or bytes, got 7'],
    ['a mistyped key rule', route({ guarantee: 'at-most-once', key: 'require' }), 'key: expected one of required, optional, got "require"'],
    [
      'a mistyped mode',
      route({ guarantee: 'at-most-once', whileRunning: 'wait' }),
      'whileRunning: expected one of join, conflict, got "wait"',
    ],
    [
      'a mistyped scope',
      route({ guarantee: 'at-most-once', keyScope: 'route' }),
      'keyScope: expected one of account, endpoint, got "route"',
    ],
    [
      'a mistyped disposition',
      route({ guarantee: 'at-most-once', statuses: { 409: 'keep' } }),
      'statuses: expected one of record, release for 409, got "keep"',
    ],
    ['a lease of nothing', route({ guarantee: 'at-most-once', leaseMs: 0 }), 'leaseMs: expected a number above 0, got 0'],
    [
      'a retention without end',
      route({ guarantee: 'at-most-once', retentionMs: Infinity }),
      'retentionMs: expected a number above 0, got Infinity',
    ],
    [
      'a limit that is no number',
      route({ guarantee: 'at-most-once', maxBodyBytes: '1 MB' }),
      'maxBodyBytes: expected a number above 0, got 1 MB',
    ],
    ['a quota of nothing', { keysPerAccount: Number.NaN }, 'keysPerAccount: expected a number above 0, got NaN'],
    ['a negative collection period', { collectEveryMs: -1 }, 'collectEveryMs: expected a number above 0, got -1'],
    [
      'a pointer that is none',
      route({ guarantee: 'at-most-once', fingerprint: { ignore: ['sentAt'] } }),
      'ignore: expected a JSON Pointer that begins with "/", got "sentAt"',
    ],
    ['two routes for the same calls', { routes: { 'POST /a/:id': {}, 'POST /A/:name': {} } }, 'match the same calls; keep one'],
  ])('is refused with %s, saying what was expected and what came', (_what, change, message) => {
    let refusal: unknown
    try {
      declare(change)
    } catch (error) {
      refusal = error
    }
    expect(refusal).toMatchObject({ code: 'configuration-invalid', message: expect.stringContaining(message) as string })
    expect(isHoldfastError(refusal)).toBe(true)
  })

  it('refuses failOpen with exactly-once', () => {
    const able = { name: 'able', idempotency: { ...memory().idempotency, guarantees: ['exactly-once' as const] } }
    expect(() => declare({ store: able, ...route({ guarantee: 'exactly-once', failOpen: true }) })).toThrow(
      'failOpen: cannot be combined with exactly-once',
    )
  })
})
