import type { Decisions } from '../support/decisions.ts'
import { probesFrom, stepsFrom } from './events.ts'
import type { Step, World } from './events.ts'
import { stateRules, stepRules } from './rules.ts'
import { initial, keyOf } from './state.ts'
import type { State } from './state.ts'

/** A rule that was broken, and the shortest way there. */
export interface Violation {
  readonly rule: string
  readonly trace: readonly string[]
}

/** What an exploration found. */
export interface Exploration {
  readonly states: number
  readonly violation: Violation | undefined
}

interface Visit {
  readonly state: State
  readonly from: Visit | undefined
  readonly label: string
}

/** Visits every state the key can get into, breadth first, and stops at the first broken rule. */
export function explore(decide: Decisions, world: World): Exploration {
  const seen = new Set([keyOf(initial)])
  const queue: Visit[] = [{ state: initial, from: undefined, label: 'at the start' }]
  for (const visit of queue) {
    const { state } = visit
    const broken = brokenIn(state)
    if (broken !== undefined) return { states: seen.size, violation: { rule: broken, trace: traceTo(visit) } }
    for (const probe of probesFrom(state, decide)) {
      const violation = violationBy(probe, visit)
      if (violation !== undefined) return { states: seen.size, violation }
    }
    for (const step of stepsFrom(state, decide, world)) {
      const violation = violationBy(step, visit)
      if (violation !== undefined) return { states: seen.size, violation }
      const key = keyOf(step.after)
      if (seen.has(key)) continue
      seen.add(key)
      queue.push({ state: step.after, from: visit, label: step.label })
    }
  }
  return { states: seen.size, violation: undefined }

  function brokenIn(state: State): string | undefined {
    return findBroken(stateRules, (rule) => rule(state, decide, world.onOrphan))
  }

  function violationBy(step: Step, from: Visit): Violation | undefined {
    const rule = findBroken(stepRules, (holds) => holds(from.state, step, world.onOrphan))
    return rule === undefined ? undefined : { rule, trace: [...traceTo(from), step.label] }
  }
}

function findBroken<Rule>(rules: Readonly<Record<string, Rule>>, holds: (rule: Rule) => boolean): string | undefined {
  for (const name in rules) if (!holds(rules[name] as Rule)) return name
  return undefined
}

function traceTo(visit: Visit): string[] {
  return [...(visit.from === undefined ? [] : traceTo(visit.from)), visit.label]
}
