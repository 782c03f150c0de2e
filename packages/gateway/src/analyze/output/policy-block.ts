import type { PlanResult, RecommendedLimit } from '../result.ts'

export interface PolicyBlockOptions {
  readonly isSinglePlan: boolean
  /** Counts what would be throttled, and throttles nothing. */
  readonly shadow: boolean
}

/** The limits as source, to be pasted into `defineApi`. */
export function policyBlock(plans: readonly PlanResult[], { isSinglePlan, shadow }: PolicyBlockOptions): string {
  const lines = plans.flatMap(({ name, limits }) => limits.map((limit) => `  ${toSource(limit, isSinglePlan ? undefined : name, shadow)},`))
  return lines.length === 0 ? '' : ['limits: [', ...lines, '],', ''].join('\n')
}

function toSource({ name, limit, windowSeconds, burst }: RecommendedLimit, plan: string | undefined, shadow: boolean): string {
  const members = [
    `name: ${quoted(name)}`,
    `limit: ${limit}`,
    `windowSeconds: ${windowSeconds}`,
    `burst: ${burst}`,
    ...(plan === undefined ? [] : [`plans: [${quoted(plan)}]`]),
    ...(shadow ? ['shadow: true'] : []),
  ]
  return `{ ${members.join(', ')} }`
}

/** Names of plans come from the log. */
function quoted(text: string): string {
  return /^[\w .:-]*$/.test(text) ? `'${text}'` : JSON.stringify(text)
}
