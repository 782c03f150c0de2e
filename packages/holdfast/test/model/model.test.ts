import { describe, expect, it } from 'vitest'
import { decisions } from '../support/decisions.ts'
import { mutants } from '../support/mutants.ts'
import { explore } from './explore.ts'
import { stateRules, stepRules } from './rules.ts'

const worlds = [
  { onOrphan: 'unknown', recordsOutliveKeys: true },
  { onOrphan: 'rerun', recordsOutliveKeys: true },
] as const

describe.for(worlds)('every interleaving of three executions of one call, with orphans set to $onOrphan', (world) => {
  it('keeps every rule', () => {
    const { states, violation } = explore(decisions, world)
    expect(violation).toBeUndefined()
    // Fewer would mean that an event has stopped to happen.
    expect(states).toBeGreaterThan(8_000)
  })
})

describe('the model checker', () => {
  const brokenRules = new Set<string>()

  it.for(Object.entries(mutants))('catches a key that %s', ([, changes]) => {
    const violations = worlds
      .map((world) => explore({ ...decisions, ...changes }, world).violation)
      .filter((violation) => violation !== undefined)
    for (const { rule } of violations) brokenRules.add(rule)
    expect(violations).not.toEqual([])
  })

  it('has no rule that no mutant breaks', () => {
    expect(Object.keys({ ...stateRules, ...stepRules }).filter((rule) => !brokenRules.has(rule))).toEqual([])
  })

  it('shows the shortest way to a violation', () => {
    const { violation } = explore({ ...decisions, ...mutants['executes keys older than its memory'] }, worlds[0])
    expect(violation).toEqual({
      rule: 'a call takes effect at most once unless it may be rerun',
      trace: [
        'at the start',
        'A claims: acquired',
        'A takes effect',
        'A completes: recorded',
        'the key grows too old',
        'the record expires',
        'B claims: acquired',
        'B takes effect',
      ],
    })
  })

  it('finds a second effect where records do not outlive their keys', () => {
    const { violation } = explore(decisions, { onOrphan: 'unknown', recordsOutliveKeys: false })
    expect(violation?.rule).toBe('a call takes effect at most once unless it may be rerun')
    expect(violation?.trace).toContain('the record expires')
    expect(violation?.trace).not.toContain('the key grows too old')
  })
})
