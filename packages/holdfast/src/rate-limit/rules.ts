import { configurationError } from '../core/index.ts'
import type { LimitDeclaration } from './options.ts'
import { compileRule } from './rule.ts'
import type { Rule } from './rule.ts'

/** The limits of one route. */
export interface Rules {
  /** Those a store keeps. */
  readonly stored: readonly Rule[]
  /** Those for calls that another one has refused. */
  readonly rejected: readonly Rule[]
  /** Those that count calls under way. */
  readonly atOnce: readonly Rule[]
  /** Whether two of the stored ones may name one counter. */
  readonly sharesPools: boolean
}

/** Makes the rules of routes, and sees to it that a name stands for one limit in the whole API. */
export interface RuleBook {
  compile(declarations: readonly LimitDeclaration[]): readonly Rule[]
}

/** Makes an empty book. */
export function createRuleBook(namespace: string): RuleBook {
  const byDeclaration = new Map<LimitDeclaration, Rule>()
  const byName = new Map<string, Rule>()
  const byPool = new Map<string, Rule>()

  function compile(declaration: LimitDeclaration): Rule {
    const known = byDeclaration.get(declaration)
    if (known !== undefined) return known
    const rule = compileRule(declaration, namespace)
    const twin = byName.get(rule.name)
    if (twin !== undefined && (declaration.pool === undefined || twin.pool !== rule.pool))
      throw configurationError(`limits: two limits are called ${JSON.stringify(rule.name)}; give them other names, or one pool`)
    const mate = byPool.get(rule.pool)
    if (mate !== undefined && mate.numbers !== rule.numbers)
      throw configurationError(
        `limits: pool ${JSON.stringify(rule.pool)}: its limits need the same numbers, since they share their counter`,
      )
    byDeclaration.set(declaration, rule)
    byName.set(rule.name, rule)
    byPool.set(rule.pool, rule)
    return rule
  }
  return { compile: (declarations) => declarations.map(compile) }
}

/** Sorts rules by when they are looked at. */
export function arrange(rules: readonly Rule[]): Rules {
  const metered = rules.filter(({ limitFor }) => limitFor !== undefined)
  const stored = metered.filter(({ isForRejected }) => !isForRejected)
  return {
    stored,
    rejected: metered.filter(({ isForRejected }) => isForRejected),
    atOnce: rules.filter(({ limitFor }) => limitFor === undefined),
    sharesPools: new Set(stored.map(({ pool }) => pool)).size < stored.length,
  }
}
