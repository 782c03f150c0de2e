import { describe, expect, it } from 'vitest'
import { groupSize } from './group-size.ts'

describe('the size of a group', () => {
  it('is half of everyone who waits, for a turn or for the disk', () => {
    expect(groupSize(64, 0)).toBe(32)
    expect(groupSize(32, 32)).toBe(32)
    expect(groupSize(0, 41)).toBe(21)
  })

  it('takes a few together, and never so many that the first of them waits long', () => {
    expect(groupSize(2, 0)).toBe(16)
    expect(groupSize(5000, 64)).toBe(64)
  })
})
