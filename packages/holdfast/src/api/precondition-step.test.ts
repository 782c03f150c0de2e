import { describe, expect, it } from 'vitest'
import { memory } from '../stores/memory/index.ts'
import { defineApi } from './define-api.ts'
import type { RouteDeclaration } from './declaration.ts'

const declare = (route: string, rules: RouteDeclaration) => defineApi({ store: memory(), singleTenant: true, routes: { [route]: rules } })

describe('declaring preconditions', () => {
  it.each<[string, RouteDeclaration, string]>([
    ['GET /a', { precondition: 'required' }, "GET /a: a read cannot require a precondition; declare precondition: 'optional'"],
    ['PUT /a', { precondition: 'always' as 'required' }, 'PUT /a: precondition: rule: expected one of required, optional, got "always"'],
    ['PUT /a', { precondition: { rule: 'required', weak: true } as never }, 'PUT /a: precondition: unknown option "weak"'],
    ['PUT /a', { precondition: { rule: 'required', early: true } }, 'PUT /a: precondition: early: expected current beside it'],
    [
      'PUT /a',
      { precondition: 'required', idempotency: { guarantee: 'at-most-once', statuses: { 412: 'record' } } },
      "PUT /a: statuses: 412 says that nothing was done, so it cannot be recorded; expected 'release'",
    ],
    [
      'PUT /a',
      { precondition: 'optional', idempotency: { guarantee: 'at-most-once', statuses: { 428: 'record' } } },
      'PUT /a: statuses: 428 says that nothing was done',
    ],
  ])('refuses %s with %j', (route, rules, message) => {
    expect(() => declare(route, rules)).toThrow(message)
  })

  it('takes what can be kept', async () => {
    const apis = [
      declare('GET /a', { precondition: 'optional' }),
      declare('PUT /a', { precondition: { rule: 'required', current: () => 5, early: true, tagsInBody: true } }),
      declare('PUT /a', {
        precondition: 'required',
        idempotency: { guarantee: 'at-most-once', statuses: { 412: 'release', 404: 'record' } },
      }),
    ]
    for (const api of apis) await api.drain()
  })
})
