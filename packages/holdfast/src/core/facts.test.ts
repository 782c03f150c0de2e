import { describe, expect, it } from 'vitest'
import { HoldfastError, bodyIncomplete, bodyTooLarge, isHoldfastError, storeUnavailable } from './errors.ts'
import { createFacts, defineFact } from './facts.ts'

describe('facts', () => {
  it('keep a value for each key, and two keys of one name apart', () => {
    const [one, two] = [defineFact<string>('region'), defineFact<string>('region')]
    const facts = createFacts()
    facts.set(one, 'eu')
    facts.set(one, 'us')
    expect([facts.get(one), facts.get(two), createFacts().get(one)]).toEqual(['us', undefined, undefined])
  })
})

describe('errors', () => {
  it('carry a stable code, the cause, and a brand that another copy of the package knows', () => {
    const cause = new Error('driver says no')
    const error = storeUnavailable('no answer', cause)
    expect([error.code, error.cause, error.name, error instanceof Error, isHoldfastError(error)]).toEqual([
      'store-unavailable',
      cause,
      'HoldfastError',
      true,
      true,
    ])
    expect(isHoldfastError({ [Symbol.for('holdfast.error')]: true })).toBe(true)
    for (const other of [new Error('other'), null, undefined, 'text', {}]) expect(isHoldfastError(other)).toBe(false)
  })

  it('have no cause where there is none', () => {
    expect(['cause' in bodyIncomplete(), 'cause' in storeUnavailable('x'), bodyTooLarge(5).message]).toEqual([
      false,
      false,
      expect.stringContaining('5 bytes'),
    ])
    expect(new HoldfastError('retryable', 'x').code).toBe('retryable')
  })
})
