import { describe, expect, it } from 'vitest'
import { createCall } from './call.ts'
import { currentCall, findCurrentCall, runWithCall } from './current.ts'
import { isHoldfastError } from './errors.ts'
import { toFields } from './fields.ts'
import { beforeCall, policyOf, stack } from './policy.ts'
import type { Policy } from './policy.ts'
import { createReply, withHeaders } from './reply.ts'

const call = createCall({ method: 'GET', url: '/', headers: toFields() })
const marking =
  (log: string[], name: string): Policy =>
  async (seen, next) => {
    log.push(`${name} in`)
    const reply = await next(seen)
    log.push(`${name} out`)
    return withHeaders(reply, { [`x-${name}`]: '1' })
  }

describe('stack', () => {
  it('runs policies round one another, the first outermost', async () => {
    const log: string[] = []
    const reply = await stack(marking(log, 'a'), marking(log, 'b'), marking(log, 'c'))(call, () => (log.push('handler'), createReply(200)))
    expect(log).toEqual(['a in', 'b in', 'c in', 'handler', 'c out', 'b out', 'a out'])
    expect([...reply.headers].map(([name]) => name)).toEqual(['x-c', 'x-b', 'x-a'])
  })

  it('runs what is done before a call in its place', async () => {
    const log: string[] = []
    const named = (name: string): Policy => beforeCall((seen) => (log.push(name), seen.with({ url: `${seen.url}${name}` })))
    const handler = (seen: typeof call) => (log.push(seen.url), createReply(200))
    await stack(named('a'), marking(log, 'b'), named('c'))(call, handler)
    expect(log.splice(0)).toEqual(['a', 'b in', 'c', '/ac', 'b out'])
    await named('alone')(call, handler)
    expect(log).toEqual(['alone', '/alone'])
  })

  it('is a policy itself', async () => {
    const log: string[] = []
    await stack(stack(marking(log, 'a'), marking(log, 'b')), stack(), marking(log, 'c'))(call, () => createReply(200))
    expect(log).toEqual(['a in', 'b in', 'c in', 'c out', 'b out', 'a out'])
  })

  it('adds nothing round one policy, and hands the promise of next on when it is empty', () => {
    const one: Policy = (seen, next) => next(seen)
    const promise = Promise.resolve(createReply(200))
    expect([stack(one) === one, stack()(call, () => promise) === promise, stack(one, one)(call, () => promise) === promise]).toEqual([
      true,
      true,
      true,
    ])
  })

  it('stops at a refusal', async () => {
    const reply = await stack(
      () => createReply(400),
      () => expect.fail('ran'),
    )(call, () => expect.fail('ran'))
    expect(reply.status).toBe(400)
  })

  it('passes a changed call inwards', async () => {
    let url = ''
    await stack(
      (seen, next) => next(seen.with({ url: '/changed' })),
      (seen, next) => ((url = seen.url), next(seen)),
    )(call, () => createReply(200))
    expect(url).toBe('/changed')
  })
})

describe('policyOf', () => {
  it('takes a policy, or what has one', () => {
    const policy: Policy = (seen, next) => next(seen)
    expect([policyOf(policy), policyOf({ policy })]).toEqual([policy, policy])
  })
})

describe('currentCall', () => {
  it('is the call of the handler, also after awaiting, and of no one else', async () => {
    const seen = await runWithCall(call, async () => {
      await new Promise((resolve) => setImmediate(resolve))
      return currentCall()
    })
    expect([seen, findCurrentCall()]).toEqual([call, undefined])
  })

  it('throws where there is none', () => {
    let error: unknown
    try {
      currentCall()
    } catch (caught) {
      error = caught
    }
    expect([isHoldfastError(error) && error.code, (error as Error).message]).toEqual([
      'no-current-call',
      expect.stringContaining('mount the adapter'),
    ])
  })
})
