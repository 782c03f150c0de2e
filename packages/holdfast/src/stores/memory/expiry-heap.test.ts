import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createExpiryHeap } from './expiry-heap.ts'

describe('an expiry heap', () => {
  it('yields what is due, earliest first, and nothing that is not', () => {
    const time = fc.integer({ min: 0, max: 20 })
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.record({ push: time }), fc.record({ popAt: time })), { maxLength: 60 }), (operations) => {
        const heap = createExpiryHeap()
        let waiting: number[] = []
        for (const operation of operations) {
          if ('push' in operation) {
            heap.push(operation.push, String(operation.push))
            waiting = [...waiting, operation.push].toSorted((left, right) => left - right)
            continue
          }
          const due = (waiting[0] ?? Number.POSITIVE_INFINITY) <= operation.popAt
          expect(heap.popDue(operation.popAt)).toBe(due ? String(waiting[0]) : undefined)
          if (due) waiting = waiting.slice(1)
          expect(heap.size).toBe(waiting.length)
        }
      }),
    )
  })

  it('is empty once it is cleared', () => {
    const heap = createExpiryHeap()
    heap.push(1, 'a')
    heap.clear()
    expect(heap.size).toBe(0)
    expect(heap.popDue(10)).toBeUndefined()
  })
})
