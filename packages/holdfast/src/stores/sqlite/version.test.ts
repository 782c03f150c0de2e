import { describe, expect, it } from 'vitest'
import { canCheckpointBeside, hasWalResetBug } from './version.ts'

describe('the version of SQLite', () => {
  it.each([
    ['3.37.2', true, false],
    ['3.44.6', false, false],
    ['3.50.6', true, false],
    ['3.50.7', false, false],
    ['3.51.2', true, false],
    ['3.51.3', false, true],
    ['3.53.4', false, true],
    ['4.0.0', false, true],
  ])('%s has the WAL-reset bug: %s, and can copy its log in another thread: %s', (version, hasBug, canCopy) => {
    expect([hasWalResetBug(version), canCheckpointBeside(version)]).toEqual([hasBug, canCopy])
  })
})
