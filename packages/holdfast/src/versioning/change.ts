import { assertKnown } from '../core/checks.ts'
import { configurationError } from '../core/index.ts'
import type { Mapping, Operation } from './operations/index.ts'
import type { Schema } from './schema/schema.ts'
import type { Refusals, Resource, Routes, Target } from './target.ts'
import type { Before, Fitting } from './types.ts'

/** What a refusal looks like on its way to a caller. */
export interface Refusal {
  readonly status: number
  /** The parsed body; `undefined` when it is empty or no JSON. */
  readonly body: unknown
  readonly contentType: string
}

/** Differences of the query. Everything else of it stays as it is, repeated names and their order included. */
export interface QueryChange {
  /** Parameters by their name in the version before, with their name in this one. */
  readonly rename?: Readonly<Record<string, string>>
  /** Values by the name of their parameter in this version. */
  readonly values?: Readonly<Record<string, Mapping>>
}

/** What every change says. */
interface Common {
  /** Stable, in kebab-case: it is what `applied` asks for, and what usage is counted by. */
  readonly id: string
  /** The version that has it. */
  readonly in: string
  /** For the changelog: one sentence to the callers. */
  readonly summary: string
  /** Says that handlers behave differently by it, which they ask for with `applied`. @default false */
  readonly sideEffects?: boolean
}

/** A change of a shape. */
export interface ResourceChange<T, Operations extends readonly Operation[], B> extends Common {
  readonly on: Resource<T>
  /** Declared differences, from the version before to this one, in order. */
  readonly operations?: Operations
  /** For what no operation says: the shape of the version before made this version's. */
  readonly request?: { up(before: B): unknown }
  /** For what no operation says: the shape of this version made the version before's. */
  readonly response?: { down(after: T): unknown }
  /** The schema of the version before; needed beside functions. */
  readonly schema?: { readonly before: Schema | ((after: Schema) => Schema) }
  /** Members of this version that functions cannot carry into the version before, as JSON Pointers. */
  readonly lossy?: readonly string[]
}

/** A change of whole calls. */
export interface RoutesChange<Operations extends readonly Operation[]> extends Common {
  readonly on: Routes
  /** Differences of the whole body of successful answers, such as the envelope of a list. */
  readonly operations?: Operations
  readonly query?: QueryChange
  /** Paths by what they begin with, in the version before, with what they begin with in this one: of every route below. Location and Link follow. */
  readonly paths?: Readonly<Record<string, string>>
  /** Header fields by their name in the version before, with their name in this one; of requests and of answers. */
  readonly headers?: Readonly<Record<string, string>>
  /** Statuses of this version with what they are in the version before. */
  readonly status?: Readonly<Record<number, number>>
}

/** A change of refusals. */
export interface RefusalsChange extends Common {
  readonly on: Refusals
  readonly error: { down(refusal: Refusal): Partial<Refusal> }
  /** The schema and the media type of refusals in the version before, when the change is one of them. */
  readonly schema?: { readonly before: Schema; readonly contentType?: string }
}

/** One difference between a version and the one before it. */
export interface Change<B = unknown> {
  readonly id: string
  readonly in: string
  readonly summary: string
  readonly sideEffects: boolean
  readonly on: Target
  readonly operations: readonly Operation[]
  readonly request: ((before: unknown) => unknown) | undefined
  readonly response: ((after: unknown) => unknown) | undefined
  readonly schemaBefore: Schema | ((after: Schema) => Schema) | undefined
  readonly lossy: readonly string[]
  readonly query: QueryChange
  readonly paths: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly status: Readonly<Record<number, number>>
  readonly error: ((refusal: Refusal) => Partial<Refusal>) | undefined
  readonly errorContentType: string | undefined
  /** Carries the type of the version before; what an older change is `on`. */
  readonly before?: B
}

const known = 'id in summary sideEffects on operations request response schema lossy query paths headers status error'.split(' ')

/**
 * Declares one breaking difference between a version and the one before it. Additive differences need no change: they appear in all
 * versions.
 *
 * @throws HoldfastError `configuration-invalid` for a change that has one direction only, or says nothing
 * @example
 * defineChange({
 *   id: 'display-name',
 *   in: '2025-09-01',
 *   summary: 'The name of a wallet is display_name.',
 *   on: resource<Wallet>('wallet'),
 *   operations: [rename('/name', '/display_name')],
 * })
 */
export function defineChange<T, const Operations extends readonly Operation[] = readonly [], B = Before<T, Operations>>(
  change: ResourceChange<T, Operations, B> & { readonly operations?: Fitting<T, Operations> },
): Change<B>
export function defineChange<const Operations extends readonly Operation[] = readonly []>(change: RoutesChange<Operations>): Change
export function defineChange(change: RefusalsChange): Change
export function defineChange(change: object): Change {
  const given = change as Common &
    Partial<ResourceChange<unknown, readonly Operation[], unknown>> &
    Omit<Partial<RoutesChange<never>>, 'on' | 'operations'> &
    Partial<Omit<RefusalsChange, 'on' | 'schema'>>
  const where = `change ${JSON.stringify(given.id)}`
  if (typeof given.id !== 'string' || !/^[a-z0-9][a-z0-9-]*$/.test(given.id))
    throw configurationError(`${where}: expected an id in kebab-case`)
  assertKnown(where, change, known)
  if (typeof given.in !== 'string') throw configurationError(`${where}: in: expected the id of a version, got ${typeof given.in}`)
  if (typeof given.summary !== 'string' || given.summary === '')
    throw configurationError(`${where}: summary: expected a sentence for the changelog`)
  const target = given.on as Target | undefined
  if (target === undefined) throw configurationError(`${where}: on: expected resource(...), routes(...) or refusals, got undefined`)
  assertDirections(where, given)
  assertAbout(where, target, given)
  const schema = given.schema as { readonly before: Schema; readonly contentType?: string } | undefined
  return {
    id: given.id,
    in: given.in,
    summary: given.summary,
    sideEffects: given.sideEffects ?? false,
    on: target,
    operations: given.operations ?? [],
    request: given.request?.up,
    response: given.response?.down,
    schemaBefore: schema?.before,
    lossy: given.lossy ?? [],
    query: given.query ?? {},
    paths: given.paths ?? {},
    headers: given.headers ?? {},
    status: given.status ?? {},
    error: given.error?.down,
    errorContentType: schema?.contentType,
  }
}

/**
 * The resource as the version before a change has it: what an older change of the same resource is `on`, so that types follow the chain.
 *
 * @example
 * const newer = defineChange({
 *   id: 'holder',
 *   in: '2025-06-01',
 *   summary: 'The owner of a wallet is holder.',
 *   on: resource<{ readonly holder: string }>('wallet'),
 *   operations: [rename('/owner', '/holder')],
 * })
 * const older = defineChange({
 *   id: 'owner',
 *   in: '2025-01-15',
 *   summary: 'The name of a wallet is owner.',
 *   on: before(newer),
 *   operations: [rename('/name', '/owner')],
 * })
 */
export function before<B>(change: Change<B>): Resource<B> {
  if (change.on.kind !== 'resource') throw configurationError(`before: change ${JSON.stringify(change.id)} is not about a resource`)
  return { kind: 'resource', names: change.on.names }
}

/** A request that can be upgraded whose answer cannot be downgraded leaks the newest shape, and the other way round. */
function assertDirections(where: string, { request, response, schema }: { request?: unknown; response?: unknown; schema?: unknown }): void {
  if ((request === undefined) !== (response === undefined))
    throw configurationError(`${where}: expected both request.up and response.down, got one of them; the same shape is read and written`)
  if (request !== undefined && schema === undefined)
    throw configurationError(`${where}: expected schema.before beside functions, which say nothing of the schema of the version before`)
}

function assertAbout(where: string, { kind }: Target, change: object): void {
  const allowed: Record<Target['kind'], readonly string[]> = {
    resource: ['operations', 'request', 'response', 'schema', 'lossy'],
    routes: ['operations', 'query', 'paths', 'headers', 'status'],
    refusals: ['error', 'schema'],
  }
  const effects = Object.keys(change).filter((name) => !['id', 'in', 'summary', 'sideEffects', 'on'].includes(name))
  const wrong = effects.find((name) => !allowed[kind].includes(name))
  if (wrong !== undefined) throw configurationError(`${where}: ${wrong} does not apply to ${kind}; expected ${allowed[kind].join(', ')}`)
  if (effects.length === 0 && (change as Common).sideEffects !== true)
    throw configurationError(`${where}: it changes nothing; expected one of ${allowed[kind].join(', ')}, or sideEffects: true`)
}
