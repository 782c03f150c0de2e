import type { PolicyLimit } from '../replay/policy.ts'

/**
 * The limits as source, to be pasted into `defineApi`.
 *
 * @param shadow counts what would be throttled, and throttles nothing
 */
export function policyBlock(limits: readonly PolicyLimit[], shadow: boolean): string {
  if (limits.length === 0) return ''
  return ['limits: [', ...limits.map((limit) => toSource(limit, shadow)), '],', ''].join('\n')
}

function toSource({ name, plans, ...numbers }: PolicyLimit, shadow: boolean): string {
  const head = `name: ${quoted(name)}, ${members(numbers)}${shadow ? ', shadow: true' : ''}`
  if (plans === undefined) return `  { ${head} },`
  const lines = Object.entries(plans).map(([plan, changes]) => `      ${quoted(plan)}: { ${members(changes)} },`)
  return [`  {`, `    ${head},`, '    plans: {', ...lines, '    },', '  },'].join('\n')
}

function members(numbers: Readonly<Record<string, unknown>>): string {
  return Object.entries(numbers)
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join(', ')
}

/** Names of plans come from the log: nothing but visible ASCII gets out of the quotes. */
function quoted(text: string): string {
  if (/^[\w .:-]*$/.test(text)) return `'${text}'`
  return JSON.stringify(text).replaceAll(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
