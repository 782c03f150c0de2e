import { describe, expect, it } from 'vitest'
import { createCall, isHoldfastError, runWithCall, toFields } from '../core/index.ts'
import { Retryable, decideDisposition, isRetryable } from './outcome.ts'
import type { Guarantee } from './store.ts'

const guarantees: Guarantee[] = ['exactly-once', 'resumable', 'at-most-once', 'at-least-once']
const callOf = () => createCall({ method: 'POST', url: '/', headers: toFields() })

describe('what becomes of a key', () => {
  it.each(guarantees)('after success, redirection and a final refusal: the answer is recorded (%s)', (guarantee) => {
    for (const status of [200, 201, 202, 204, 301, 303, 304, 400, 402, 404, 405, 410, 413, 415, 422, 451])
      expect(decideDisposition(status, guarantee)).toBe('record')
  })

  it.each(guarantees)('after a refusal that may pass: it is free to run again (%s)', (guarantee) => {
    for (const status of [401, 403, 407, 408, 409, 412, 421, 423, 425, 428, 429])
      expect(decideDisposition(status, guarantee)).toBe('release')
  })

  it('after a failure: it runs again, except where a second effect must be ruled out', () => {
    for (const status of [500, 502, 503, 504, 599]) {
      expect(decideDisposition(status, 'at-most-once')).toBe('record')
      for (const guarantee of ['exactly-once', 'resumable', 'at-least-once'] as const)
        expect(decideDisposition(status, guarantee)).toBe('release')
    }
  })

  it('is what the route says, for statuses it names', () => {
    expect(decideDisposition(409, 'at-most-once', { 409: 'record' })).toBe('record')
    expect(decideDisposition(404, 'exactly-once', { 404: 'release' })).toBe('release')
  })
})

describe('Retryable', () => {
  it('is an error of Holdfast that frameworks answer with 503, with its cause', () => {
    const cause = new Error('connection refused')
    const error = new Retryable('the provider is away', { cause })
    expect(isHoldfastError(error)).toBe(true)
    expect(error).toMatchObject({ code: 'retryable', status: 503, statusCode: 503, cause })
  })

  it('marks the call it is made in, since frameworks turn a throw into a reply', () => {
    const call = callOf()
    runWithCall(call, () => new Retryable('away'))
    expect(isRetryable(call)).toBe(true)
    expect(isRetryable(callOf())).toBe(false)
  })

  it('does not vouch for another error, thrown after it was caught', () => {
    const call = callOf()
    runWithCall(call, () => new Retryable('the first provider is away'))
    expect(isRetryable(call, new Error('the second provider charged, then broke off'))).toBe(false)
    expect(isRetryable(call, new Retryable('away'))).toBe(true)
  })
})
