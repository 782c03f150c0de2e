import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { CommandError } from '../../cli/io.ts'
import { compilePolicy } from './policy.ts'
import type { PolicyLimit, ReplayLimit } from './policy.ts'

const whole = z.int().positive()
const names = z.array(z.string().min(1)).min(1)

const limitSchema = z.strictObject({
  name: z.string().min(1),
  kind: z.enum(['bucket', 'window', 'calendar']).optional(),
  limit: whole,
  windowSeconds: z.number().positive().optional(),
  burst: whole.optional(),
  strict: z.boolean().optional(),
  period: z.enum(['hour', 'day', 'week', 'month', 'year']).optional(),
  zone: z.string().optional(),
  maxDebt: z.int().nonnegative().optional(),
  partition: z.array(z.enum(['account', 'plan', 'ip', 'route', 'method'])).optional(),
  plans: names.optional(),
  routes: names.optional(),
  methods: names.optional(),
  cost: z.int().nonnegative().optional(),
  pool: z.string().min(1).optional(),
  shadow: z.boolean().optional(),
})

const fileSchema = z.union([z.array(limitSchema).min(1), z.strictObject({ limits: z.array(limitSchema).min(1) })], {
  error: 'expected { "limits": [...] } or an array of limits',
})

/**
 * Reads a policy file: JSON, `{ "limits": [...] }` or the array alone.
 *
 * @throws CommandError naming the file and the field that is wrong
 */
export async function readPolicyFile(path: string): Promise<readonly ReplayLimit[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`${path} cannot be read: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`)
  })
  return parsePolicy(text, path)
}

/** @param path for messages */
export function parsePolicy(text: string, path: string): readonly ReplayLimit[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new CommandError(`${path}: expected JSON (${(error as Error).message})`)
  }
  // Of a union, zod would tell about both of its shapes.
  const list: unknown = typeof value === 'object' && value !== null && !Array.isArray(value) && 'limits' in value ? value.limits : value
  const parsed = fileSchema.safeParse(value)
  if (!parsed.success) throw new CommandError(`${path}: ${describeIssue(list)}`)
  const limits = (Array.isArray(parsed.data) ? parsed.data : parsed.data.limits) as readonly PolicyLimit[]
  const twice = limits.find(({ name }, index) => limits.findIndex((other) => other.name === name) !== index)
  if (twice !== undefined) throw new CommandError(`${path}: limits: expected a name once, got ${JSON.stringify(twice.name)} twice`)
  try {
    return compilePolicy(limits)
  } catch (error) {
    throw new CommandError(`${path}: ${(error as Error).message}`)
  }
}

function describeIssue(list: unknown): string {
  const parsed = z.array(limitSchema).min(1).safeParse(list)
  const issue = parsed.error?.issues[0]
  if (issue === undefined || issue.path.length === 0) return 'expected { "limits": [...] } or an array of at least one limit'
  const path = issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  return `limits${path}: ${issue.message}`
}
