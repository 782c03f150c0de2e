import { describe, it } from 'vitest'
import { fakeClock, limitConformance } from '../../testing/index.ts'
import { memory } from './index.ts'

describe('the limits of the memory store in real time', () => {
  for (const check of limitConformance({ name: 'memory', open: () => memory().limits, histories: 100 })) it(check.name, check.run)
})

describe('the limits of the memory store in virtual time', () => {
  const clock = fakeClock()
  const open = () => memory({ clock }).limits
  for (const check of limitConformance({ name: 'memory', open, time: clock, histories: 400 })) it(check.name, check.run)
})
