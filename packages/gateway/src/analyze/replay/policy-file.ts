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
      z.strictObject({ limits: z.union([z.literal(false), z.array(limitSchema)], 'expected a list of limits, or false') }),
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
  const file = Array.isArray(value) ? { limits: value } : value
  const parsed = fileSchema.safeParse(file)
  if (!parsed.success) throw new CommandError(`${path}: ${describe(parsed.error.issues[0], file)}`)
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

/** Where the first problem is, what it is, and what is there. Of a union, the member that came closest says more than the union. */
function describe(issue: z.core.$ZodIssue | undefined, file: unknown): string {
  if (issue === undefined) return 'expected { "limits": [...] }'
  const inner = innerOf(issue)
  const path = [...issue.path, ...(inner?.path ?? [])]
  const place = path.map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at === 0 ? '' : '.'}${String(part)}`)).join('')
  // A text is read as a list of one.
  const value = path.reduce(
    (found, part) => (typeof found === 'string' ? found : (found as Readonly<Record<PropertyKey, unknown>>)[part]),
    file,
  )
  const got = typeof value === 'object' || value === undefined ? '' : `, got ${JSON.stringify(value)}`
  return `${place === '' ? 'expected { "limits": [...] }' : place}: ${(inner ?? issue).message}${got}`
}

function innerOf(issue: z.core.$ZodIssue): z.core.$ZodIssue | undefined {
  if (issue.code === 'invalid_key') return issue.issues[0]
  if (issue.code !== 'invalid_union') return undefined
  const [closest] = issue.errors.flat().toSorted((left, right) => right.path.length - left.path.length)
  return closest !== undefined && closest.path.length > 0 ? closest : undefined
}
