import { describe, expect, it } from 'vitest'
import { planFor, postgresWanted, redisWanted } from './install.ts'

const both = [postgresWanted, redisWanted]

describe('planFor', () => {
  it('does nothing when no server is missing', () => {
    expect(planFor([], { isRoot: true, hasApt: true, isCi: true })).toEqual({ kind: 'nothing' })
  })

  it('installs only what is missing as root on Debian, in CI too', () => {
    expect(planFor([redisWanted], { isRoot: true, hasApt: true, isCi: false })).toEqual({ kind: 'install', packages: ['redis-server'] })
    expect(planFor(both, { isRoot: true, hasApt: true, isCi: true })).toEqual({ kind: 'install', packages: ['postgresql', 'redis-server'] })
  })

  it('skips with the command to run when it may not install', () => {
    const plan = planFor(both, { isRoot: false, hasApt: true, isCi: false })
    expect(plan).toMatchObject({ kind: 'skip', message: expect.stringMatching(/SKIPPED.*apt-get install.* postgresql redis-server/) })
  })

  it('fails in CI, where a skip would pass for success', () => {
    const plan = planFor([postgresWanted], { isRoot: true, hasApt: false, isCi: true })
    expect(plan).toMatchObject({ kind: 'fail', message: expect.stringMatching(/PostgreSQL not found.*initdb/) })
  })
})
