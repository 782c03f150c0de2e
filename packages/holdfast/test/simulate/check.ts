import type { Answered, Execution, History } from './history.ts'

/** A promise that was broken, in words. */
export interface Violation {
  readonly rule: string
  readonly detail: string
}

/** What the route promised: effects that a crash takes back, or runs that are never repeated, or that may be after a crash. */
export type Promised = 'exactly-once' | 'at-most-once' | 'at-least-once'

/** An effect that is really there at the end. */
export interface Effect {
  readonly account: string
  readonly key: string
  readonly payload: string
}

/** Holds a finished world to its promises. Pure: looks at the history and at what is really there, never at Holdfast's own records. */
export function checkWorld(history: History, effects: readonly Effect[], promised: Promised): Violation[] {
  const answers = groupBy(history.answers, ({ operation }) => nameOf(operation))
  const executions = groupBy(history.executions, nameOf)
  const really = groupBy(effects, nameOf)
  const violations: Violation[] = []
  for (const [name, given] of answers) violations.push(...checkAnswers(name, given, really.get(name) ?? []))
  for (const [name, found] of really) violations.push(...checkEffects(name, found, executions.get(name) ?? [], promised))
  return violations
}

function checkAnswers(name: string, given: readonly Answered[], effects: readonly Effect[]): Violation[] {
  const violations: Violation[] = []
  const successes = given.filter(({ status }) => status < 300)
  const bodies = new Set(successes.map(({ body }) => body))
  if (bodies.size > 1) violations.push({ rule: 'equal answers for a key', detail: `${name} was answered ${[...bodies].join(' and ')}` })
  for (const { operation, body } of successes) {
    if (effects.length === 0)
      violations.push({ rule: 'acknowledged calls exist', detail: `${name} was answered ${body} and has no effect` })
    const answer = JSON.parse(body) as { account: string; payload: string }
    if (answer.account !== operation.account)
      violations.push({ rule: 'answers stay in their account', detail: `${name} received the answer of ${answer.account}` })
    if (answer.payload !== operation.payload)
      violations.push({
        rule: 'another call never gets the answer',
        detail: `${name} sent ${operation.payload} and was answered for ${answer.payload}`,
      })
  }
  return violations
}

function checkEffects(name: string, effects: readonly Effect[], executions: readonly Execution[], promised: Promised): Violation[] {
  const violations: Violation[] = []
  if (executions.length === 0) violations.push({ rule: 'no ghost', detail: `${name} has an effect nobody asked for` })
  const disturbed = executions.filter((execution) => execution.disturbed).length
  const allowed = promised === 'at-least-once' ? 1 + disturbed : 1
  if (effects.length > allowed)
    violations.push({
      rule: promised,
      detail: `${name} took effect ${effects.length} times; ${executions.length} runs, ${disturbed} of them disturbed`,
    })
  if (new Set(effects.map(({ payload }) => payload)).size > 1)
    violations.push({ rule: 'one payload for a key', detail: `${name} took effect for different payloads` })
  return violations
}

function nameOf({ account, key }: { account: string; key: string }): string {
  return `${account}/${key}`
}

function groupBy<T>(items: readonly T[], name: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(name(item))
    if (group === undefined) groups.set(name(item), [item])
    else group.push(item)
  }
  return groups
}
