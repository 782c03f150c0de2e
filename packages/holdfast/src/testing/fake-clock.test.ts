import { describe, expect, it } from 'vitest'
import { sleep } from '../core/index.ts'
import { fakeClock } from './index.ts'

describe('a fake clock', () => {
  it('stands still until it is told to move', () => {
    const clock = fakeClock(1_000)
    expect(clock.now()).toBe(1_000)
    clock.advance(250)
    expect(clock.now()).toBe(1_250)
  })

  it('runs due timers in order, each at its own instant', () => {
    const clock = fakeClock(0)
    const ran: string[] = []
    for (const delay of [30, 10, 20, 40]) clock.after(delay, () => ran.push(`${delay} at ${clock.now()}`))
    clock.advance(30)
    expect(ran).toEqual(['10 at 10', '20 at 20', '30 at 30'])
    expect(clock.pending).toBe(1)
  })

  it('runs timers of one instant in the order in which they were set', () => {
    const clock = fakeClock()
    const ran: number[] = []
    for (const timer of [1, 2, 3]) clock.after(5, () => ran.push(timer))
    clock.advance(5)
    expect(ran).toEqual([1, 2, 3])
  })

  it('runs a timer that another one sets, when it falls due in the same move', () => {
    const clock = fakeClock(0)
    const ran: number[] = []
    const tick = (): void => {
      ran.push(clock.now())
      clock.after(10, tick)
    }
    clock.after(10, tick)
    clock.advance(35)
    expect(ran).toEqual([10, 20, 30])
  })

  it('forgets a timer that was cancelled, even by another timer of the same instant', () => {
    const clock = fakeClock()
    const ran: string[] = []
    let cancel = (): void => undefined
    clock.after(5, () => cancel())
    cancel = clock.after(5, () => ran.push('cancelled'))
    clock.advance(10)
    expect(ran).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('does not move back for a delay below zero', () => {
    const clock = fakeClock(100)
    clock.after(-50, () => expect(clock.now()).toBe(100))
    clock.advance(0)
    expect(clock.pending).toBe(0)
  })

  it('wakes what sleeps on it', async () => {
    const clock = fakeClock()
    const slept = sleep(clock, 60_000)
    clock.advance(60_000)
    await slept
    expect(clock.pending).toBe(0)
  })
})
