import { describe, it } from 'vitest'
import { fakeClock, idempotencyConformance } from '../../testing/index.ts'
import { memory } from './index.ts'

describe('the memory store in real time', () => {
  for (const check of idempotencyConformance({ name: 'memory', open: async () => memory().idempotency, histories: 200 }))
    it(check.name, check.run)
})

describe('the memory store in virtual time', () => {
  const clock = fakeClock()
  const open = async () => memory({ clock }).idempotency
  for (const check of idempotencyConformance({ name: 'memory', open, time: clock, histories: 500 })) it(check.name, check.run)
})
