import { describe, expect, it, vi } from 'vitest'
import { fakeClock } from '../testing/index.ts'
import { sleep, systemClock, withTimeout } from './clock.ts'

describe("the machine's clock", () => {
  it('does not take a very long delay for none', () => {
    const timers = vi.spyOn(globalThis, 'setTimeout')
    systemClock.after(30 * 86_400_000, () => expect.fail('must not run'))()
    expect(timers.mock.calls[0]?.[1]).toBeLessThanOrEqual(2 ** 31 - 1)
    timers.mockRestore()
  })
})

describe('sleeping', () => {
  it('ends when its time has come', async () => {
    const clock = fakeClock()
    const slept = sleep(clock, 250)
    clock.advance(250)
    await slept
  })

  it('ends with the reason of its signal, and leaves no timer behind', async () => {
    const clock = fakeClock()
    const aborter = new AbortController()
    const slept = sleep(clock, 250, aborter.signal)
    aborter.abort(new Error('gone'))
    await expect(slept).rejects.toThrow('gone')
    await expect(sleep(clock, 250, aborter.signal)).rejects.toThrow('gone')
    expect(clock.pending).toBe(0)
  })
})

describe('a time limit', () => {
  it('gives up on work that takes longer, and not on work that ends in time', async () => {
    const clock = fakeClock()
    const late = withTimeout(clock, 100, new Promise(() => {}), () => new Error('late'))
    clock.advance(100)
    await expect(late).rejects.toThrow('late')
    await expect(withTimeout(clock, 100, Promise.resolve('done'), () => new Error('late'))).resolves.toBe('done')
    await expect(withTimeout(clock, 100, Promise.reject(new Error('broken')), () => new Error('late'))).rejects.toThrow('broken')
    expect(clock.pending).toBe(0)
  })
})
