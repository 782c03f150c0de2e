import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideAdmission, hasRoom, shares } from './decide.ts'
import type { Arrival, Criticality } from './decide.ts'

const arrival = (change: Partial<Arrival>): Arrival => ({
  criticality: 'critical',
  underWay: 0,
  limit: 100,
  ofCaller: 0,
  callers: 1,
  waiting: 0,
  places: 25,
  ...change,
})

describe('an arriving call', () => {
  it.each<[Criticality, number]>([
    ['critical+', 100],
    ['critical', 90],
    ['sheddable+', 75],
    ['sheddable', 50],
  ])('is let in while its criticality (%s) has room', (criticality, room) => {
    expect(decideAdmission(arrival({ criticality, underWay: room - 1 }))).toBe('admit')
    expect(decideAdmission(arrival({ criticality, underWay: room }))).not.toBe('admit')
  })

  it('waits where it matters, and is refused where it does not or nothing is left to wait in', () => {
    expect(decideAdmission(arrival({ underWay: 90 }))).toBe('wait')
    expect(decideAdmission(arrival({ underWay: 90, waiting: 25 }))).toBe('full')
    expect(decideAdmission(arrival({ underWay: 75, criticality: 'sheddable+' }))).toBe('full')
  })

  it('does not pass by those who wait, unless it matters most', () => {
    expect(decideAdmission(arrival({ underWay: 10, waiting: 1 }))).toBe('wait')
    expect(decideAdmission(arrival({ underWay: 10, waiting: 1, criticality: 'critical+' }))).toBe('admit')
  })

  it('is refused when its caller has much more under way than the others, but only in a crowd', () => {
    expect(decideAdmission(arrival({ underWay: 80, callers: 40, ofCaller: 40 }))).toBe('unfair')
    expect(decideAdmission(arrival({ underWay: 80, callers: 40, ofCaller: 4 }))).toBe('admit')
    expect(decideAdmission(arrival({ underWay: 79, callers: 40, ofCaller: 40 }))).toBe('admit')
    expect(decideAdmission(arrival({ underWay: 80, callers: 1, ofCaller: 80 }))).toBe('admit')
  })

  it('is never let in beyond the share of its criticality, and never refused in an empty process', () => {
    const criticality = fc.constantFrom(...(Object.keys(shares) as Criticality[]))
    fc.assert(
      fc.property(
        criticality,
        fc.nat(200),
        fc.double({ min: 1, max: 200, noNaN: true }),
        fc.nat(200),
        fc.nat(50),
        (one, underWay, limit, ofCaller, waiting) => {
          const verdict = decideAdmission(
            arrival({ criticality: one, underWay, limit, waiting, ofCaller: Math.min(ofCaller, underWay + waiting), callers: 3 }),
          )
          if (verdict === 'admit') expect(hasRoom(one, underWay, limit)).toBe(true)
          if (underWay === 0 && waiting === 0) expect(verdict).toBe('admit')
        },
      ),
    )
  })
})
