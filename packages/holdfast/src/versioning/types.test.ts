import { expect, expectTypeOf, it } from 'vitest'
import { before, defineChange } from './change.ts'
import { rename, unwrap, wrap } from './operations/index.ts'
import { resource } from './target.ts'

interface Wallet {
  readonly id: string
  readonly display_name: string
  readonly owners: readonly string[]
}

const owners = defineChange({
  id: 'owners',
  in: '2026-01-01',
  summary: 'x',
  on: resource<Wallet>('wallet'),
  operations: [wrap('/owner', '/owners', 0)],
})
const name = defineChange({
  id: 'name',
  in: '2025-01-01',
  summary: 'x',
  on: before(owners),
  operations: [rename('/name', '/display_name')],
})

it('works out the type of a resource in the version before, along the chain', () => {
  expectTypeOf<NonNullable<(typeof owners)['before']>>().toEqualTypeOf<{
    readonly id: string
    readonly display_name: string
    owner: string
  }>()
  expectTypeOf<NonNullable<(typeof name)['before']>>().toEqualTypeOf<{ readonly id: string; owner: string; name: string }>()
  expect([owners.on, before(owners).names]).toEqual([resource('wallet'), ['wallet']])
})

it('gives functions the types of both versions', () => {
  defineChange({
    id: 'by-hand',
    in: '2025-01-01',
    summary: 'x',
    on: before(owners),
    request: { up: (older: { readonly name: string }) => ({ display_name: older.name }) },
    response: { down: (newer) => ({ name: newer.display_name, owner: newer.owner }) },
    schema: { before: {} },
  })
})

it('refuses an operation about a member that the resource has not', () => {
  // @ts-expect-error -- there is no such member
  defineChange({ id: 'x', in: '2025-01-01', summary: 'x', on: resource<Wallet>('wallet'), operations: [rename('/a', '/nothing')] })
  // @ts-expect-error -- `owners` became `owner` in the version before
  defineChange({ id: 'x', in: '2025-01-01', summary: 'x', on: before(owners), operations: [unwrap('/x', '/owners', 'id')] })
})
