import { describe, expect, it, vi } from 'vitest'
import { accountFact, createCall, createReply, problem, stack, toFields } from '../core/index.ts'
import type { Call } from '../core/index.ts'
import { accountStep } from './account.ts'
import type { AccountResolver } from './account.ts'

async function ask(
  resolve: AccountResolver,
): Promise<{ status: number; account: string | undefined; handled: boolean; challenge: string | null }> {
  const handler = vi.fn<(call: Call) => ReturnType<typeof createReply>>(() => createReply(200))
  const call = createCall({ method: 'POST', url: '/', headers: toFields({ authorization: 'Bearer t' }) })
  const reply = await accountStep(resolve, problem)(call, handler)
  return {
    status: reply.status,
    account: call.facts.get(accountFact),
    handled: handler.mock.calls.length === 1,
    challenge: reply.headers.get('www-authenticate'),
  }
}

describe('the account step', () => {
  it('tells later steps whose call it is', async () => {
    expect(await ask((head) => head.headers.get('authorization')?.slice(7))).toMatchObject({ status: 200, account: 't', handled: true })
    expect(await ask(async () => 'ada')).toMatchObject({ status: 200, account: 'ada', handled: true })
  })

  it('takes promises of any library', async () => {
    const thenable = { then: (resolve: (account: string) => void) => resolve('ada') } as unknown as Promise<string>
    expect(await ask(() => thenable)).toMatchObject({ status: 200, account: 'ada' })
  })

  it.each<[string, AccountResolver]>([
    ['nobody', () => undefined],
    ['an empty name', () => ''],
    ['nobody, later', async () => undefined],
    ['an empty name, later', async () => ''],
    ['null, as a database gives', () => null as unknown as undefined],
    ['null, later', async () => null as unknown as undefined],
    ['a number', () => 7 as unknown as string],
  ])('refuses a call of %s before the handler', async (_who, resolve) => {
    expect(await ask(resolve)).toEqual({ status: 401, account: undefined, handled: false, challenge: 'Bearer' })
  })

  it.each<[string, AccountResolver]>([
    ['at once', () => 'ada'],
    ['later', async () => 'ada'],
    ['as nobody', () => undefined],
  ])('asks the resolver once, also before other steps: %s', async (_when, answer) => {
    const resolve = vi.fn<AccountResolver>(answer)
    const inner = vi.fn<(call: Call) => ReturnType<typeof createReply>>(() => createReply(200))
    const call = createCall({ method: 'POST', url: '/', headers: toFields({}) })
    const { status } = await stack(accountStep(resolve, problem), (seen) => inner(seen))(call, () => createReply(500))
    expect([resolve.mock.calls.length, status === 200, inner.mock.calls.length === 1]).toEqual([1, status !== 401, status !== 401])
  })

  it('passes on what the resolver throws', async () => {
    await expect(ask(() => Promise.reject(new Error('directory down')))).rejects.toThrow('directory down')
  })
})
