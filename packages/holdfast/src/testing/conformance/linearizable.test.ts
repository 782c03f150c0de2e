import { describe, expect, it } from 'vitest'
import { isLinearizable } from './linearizable.ts'
import type { Event } from './linearizable.ts'
import { createNames } from './names.ts'
import { hourMs } from './operation.ts'
import type { KeyOperation } from './model.ts'
import { toBytes } from './perform.ts'
import type { Outcome } from './perform.ts'

const circumstances = { names: createNames(), now: Date.UTC(2026, 0, 1), others: [0] }

const claim = (owner: number): KeyOperation => ({
  kind: 'claim',
  key: 0,
  owner,
  fingerprint: 0,
  leaseMs: hourMs,
  onOrphan: 'unknown',
  minted: 'unsaid',
  quota: undefined,
})
const complete = (owner: number, answer: string): KeyOperation => ({ kind: 'complete', key: 0, owner, answer, retentionMs: hourMs })

const acquired: Outcome = { kind: 'acquired', attempt: 1, progress: undefined }
const running: Outcome = { kind: 'running', attempt: 1, leaseLeftMs: hourMs }
const done = (answer: string): Outcome => ({ kind: 'done', attempt: 1, answer: toBytes(answer) })

const event = (operation: KeyOperation, outcome: Outcome, invokedAt: number, returnedAt: number): Event => ({
  actor: 0,
  operation,
  outcome,
  invokedAt,
  returnedAt,
})

describe('the search for an order', () => {
  it('finds one where operations overlap, whichever began first', () => {
    expect(isLinearizable([event(claim(0), running, 0, 3), event(claim(1), acquired, 1, 2)], circumstances)).toBe(true)
  })

  it('finds none that would turn round two operations of which one was over before the other began', () => {
    expect(isLinearizable([event(claim(0), running, 0, 1), event(claim(1), acquired, 2, 3)], circumstances)).toBe(false)
  })

  it('finds none for two winners', () => {
    expect(isLinearizable([event(claim(0), acquired, 0, 2), event(claim(1), acquired, 1, 3)], circumstances)).toBe(false)
  })

  it('lets an operation take effect at any instant between its two ends', () => {
    const history = [
      event(claim(0), acquired, 0, 1),
      event(complete(0, 'x'), 'recorded', 2, 7),
      event(claim(1), running, 3, 4),
      event(claim(2), done('x'), 5, 6),
    ]
    expect(isLinearizable(history, circumstances)).toBe(true)
  })

  it('finds none when an answer was seen and then was not', () => {
    const history = [
      event(claim(0), acquired, 0, 1),
      event(complete(0, 'x'), 'recorded', 2, 7),
      event(claim(1), done('x'), 3, 4),
      event(claim(2), running, 5, 6),
    ]
    expect(isLinearizable(history, circumstances)).toBe(false)
  })

  it('lets a look find what works in a transaction running, while it does', () => {
    const look = (invokedAt: number, returnedAt: number): Event => {
      const seen = { state: 'running', attempt: 1, ageMs: 0, expiresInMs: undefined, leaseLeftMs: undefined, answer: undefined } as const
      return event({ kind: 'lookup', key: 0 }, seen, invokedAt, returnedAt)
    }
    const step = event({ kind: 'step', key: 0, owner: 0, progress: 'x' }, false, 1, 3)
    expect(isLinearizable([step, look(2, 4)], circumstances)).toBe(true)
    expect(isLinearizable([step, look(4, 5)], circumstances)).toBe(false)
  })

  it('finds none when a repeat got another answer than the recorded one', () => {
    const history = [event(claim(0), acquired, 0, 1), event(complete(0, 'x'), 'recorded', 2, 3), event(claim(1), done('y'), 4, 5)]
    expect(isLinearizable(history, circumstances)).toBe(false)
  })
})
