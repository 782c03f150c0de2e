import { describe, expect, it } from 'vitest'
import { createWaitingLine } from './waiting-line.ts'
import type { Waiter, WaitingLine } from './waiting-line.ts'

function waiting(line: WaitingLine, arrivedAt: number): { waiter: Waiter; became: string | undefined } {
  const one: { waiter: Waiter; became: string | undefined } = {
    waiter: { arrivedAt, admit: () => (one.became = 'admitted'), refuse: () => (one.became = 'refused') },
    became: undefined,
  }
  line.join(one.waiter)
  return one
}

describe('calls that wait', () => {
  it('have their turn in the order they came', () => {
    const line = createWaitingLine()
    const [first, second] = [waiting(line, 0), waiting(line, 1)]
    line.next(2, true)
    expect([first.became, second.became]).toEqual(['admitted', undefined])
  })

  it('leave by identity: one that left takes nobody with it', () => {
    const line = createWaitingLine()
    const [first, second, third] = [waiting(line, 0), waiting(line, 0), waiting(line, 0)]
    line.leave(second.waiter)
    line.leave(second.waiter)
    line.next(1, true)
    line.next(1, true)
    expect([first.became, second.became, third.became, line.length]).toEqual(['admitted', undefined, 'admitted', 0])
  })

  it('are not refused because another arrives', () => {
    const line = createWaitingLine()
    const first = waiting(line, 0)
    for (let at = 1; at < 100; at++) waiting(line, at)
    expect(first.became).toBeUndefined()
  })

  it('are refused from the oldest on when waits have been long for long', () => {
    const line = createWaitingLine()
    const became: (string | undefined)[] = []
    for (let now = 0; now < 1_000; now += 10) {
      const oldest = waiting(line, now - 50)
      waiting(line, now - 50)
      line.next(now, true)
      became.push(oldest.became)
    }
    expect(line.length).toBeLessThan(100)
    const calm = createWaitingLine()
    const all = Array.from({ length: 50 }, (_, index) => {
      const one = waiting(calm, index * 10 - 19)
      calm.next(index * 10, true)
      return one.became
    })
    expect(new Set(all)).toEqual(new Set(['admitted']))
  })

  it('are not refused for a wait that is over before the interval is', () => {
    const line = createWaitingLine()
    const [first] = [waiting(line, 0), waiting(line, 0)]
    line.next(90, true)
    expect(first.became).toBe('admitted')
  })
})
