import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { CommandError } from '../../cli/io.ts'
import { compilePolicy } from './policy.ts'
import type { PolicyDeclaration, PolicyLimit, ReplayPolicy } from './policy.ts'

const whole = z.int().positive()
const dimension = z.enum(['account', 'plan', 'ip', 'route', 'method'])

const numbers = {
  limit: whole,
  windowSeconds: z.number().positive().optional(),
  burst: whole.optional(),
  strict: z.boolean().optional(),
  period: z.enum(['hour', 'day', 'week', 'month', 'year']).optional(),
  zone: z.string().optional(),
  maxDebt: z.int().nonnegative().optional(),
}

const limitSchema = z.strictObject({
  ...numbers,
  name: z.string().min(1),
  kind: z.enum(['bucket', 'window', 'calendar']).optional(),
  partition: z.preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(dimension).optional()),
  plans: z.record(z.string(), z.strictObject({ ...numbers, limit: whole.optional() })).optional(),
  cost: z.int().nonnegative().optional(),
  pool: z.string().min(1).optional(),
  shadow: z.boolean().optional(),
})

const fileSchema = z.strictObject({
  limits: z.array(limitSchema).optional(),
  routes: z
    .record(
      z.string().regex(/^[A-Z]+ \/\S*$/, 'expected a route such as "GET /users/:id"'),
      z.strictObject({ limits: z.union([z.literal(false), z.array(limitSchema)]) }),
    )
    .optional(),
})

/**
 * Reads a policy file: JSON with the `limits`, and the `limits` of `routes`, as `defineApi` takes them; or an array of limits alone.
 *
 * @throws CommandError naming the file and the field that is wrong
 */
export async function readPolicyFile(path: string): Promise<ReplayPolicy> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`${path} cannot be read: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`)
  })
  return parsePolicy(text, path)
}

/** @param path for messages */
export function parsePolicy(text: string, path: string): ReplayPolicy {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new CommandError(`${path}: expected JSON (${(error as Error).message})`)
  }
  const parsed = fileSchema.safeParse(Array.isArray(value) ? { limits: value } : value)
  if (!parsed.success) throw new CommandError(`${path}: ${describe(parsed.error.issues[0])}`)
  const declaration = parsed.data as PolicyDeclaration
  const all = [...(declaration.limits ?? []), ...Object.values(declaration.routes ?? {}).flatMap(({ limits }) => limits || [])]
  if (all.length === 0)
    throw new CommandError(
      `${path}: expected at least one limit, such as { "limits": [{ "name": "per-minute", "limit": 60, "windowSeconds": 60 }] }`,
    )
  assertNames(all, path)
  try {
    return compilePolicy(declaration)
  } catch (error) {
    throw new CommandError(`${path}: ${(error as Error).message}`)
  }
}

function assertNames(limits: readonly PolicyLimit[], path: string): void {
  const names = limits.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new CommandError(`${path}: limits: expected a name once, got ${JSON.stringify(twice)} twice`)
}

/** Where the first problem is, and what it is. Of a union, the member that came closest says more than the union. */
function describe(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'expected { "limits": [...] }'
  const inner =
    issue.code === 'invalid_union' ? issue.errors.flat().toSorted((left, right) => right.path.length - left.path.length)[0] : undefined
  const path = [...issue.path, ...(inner?.path ?? [])]
    .map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at === 0 ? '' : '.'}${String(part)}`))
    .join('')
  return `${path === '' ? 'expected { "limits": [...] }' : path}: ${(inner ?? issue).message}`
}
