import { describe, expect, it } from 'vitest'
import { createStoreClock } from './clock.ts'

/** One machine: a wall clock that can be set, and a monotonic clock that cannot. */
function machine() {
  let wallMs = 1_800_000_000_000
  let uptimeMs = 5000
  return {
    clock: () =>
      createStoreClock(
        () => wallMs,
        () => uptimeMs,
      ),
    pass(ms: number) {
      wallMs += ms
      uptimeMs += ms
    },
    setWall: (ms: number) => void (wallMs += ms),
    restart(downMs: number) {
      wallMs += downMs
      uptimeMs = 10
    },
    wall: () => wallMs,
  }
}

const hour = 3_600_000

describe('the store clock', () => {
  it('is the wall clock while nobody sets it', () => {
    const host = machine()
    const clock = host.clock()
    expect(clock.now()).toBe(host.wall())
    host.pass(1234)
    expect(clock.now()).toBe(host.wall())
  })

  it('goes on at its pace when the wall clock is set back', () => {
    const host = machine()
    const clock = host.clock()
    const before = clock.now()
    host.setWall(-hour)
    host.pass(30_000)
    expect(clock.now()).toBe(before + 30_000)
  })

  it('never falls behind the wall clock', () => {
    const host = machine()
    const clock = host.clock()
    clock.now()
    host.setWall(hour)
    expect(clock.now()).toBe(host.wall())
  })

  it('is one timeline for a process that started before the wall clock was set back and one that started after', () => {
    const host = machine()
    const old = host.clock()
    old.now()
    const offset = old.unshared as number
    host.setWall(-hour)
    host.pass(600_000)
    const young = host.clock()
    young.adopt(offset)
    expect(young.now()).toBe(old.now())
  })

  it('has nothing new to share until the wall clock is set forward', () => {
    const host = machine()
    const clock = host.clock()
    clock.now()
    clock.adopt(clock.unshared as number)
    host.pass(hour)
    clock.now()
    expect(clock.unshared).toBeUndefined()
    host.setWall(hour)
    clock.now()
    expect(clock.unshared).toBeDefined()
  })

  it('starts at the wall clock again when the machine does', () => {
    const host = machine()
    const before = host.clock()
    before.now()
    const offset = before.unshared as number
    host.restart(60_000)
    const clock = host.clock()
    clock.adopt(offset)
    expect(clock.now()).toBe(host.wall())
  })
})
