import { configurationError } from '../core/index.ts'
import type { Change } from './change.ts'
import type { ObjectEdit } from './json/object-edit.ts'
import { assignValue, toValue } from './json/value.ts'
import type { Content, RouteModel, Snapshot } from './model.ts'
import { schemaBefore } from './operations/mapping.ts'
import type { Operation } from './operations/index.ts'
import { findMember, renameMember, withMember } from './schema/members.ts'
import { resolveIn, shapeNameOf } from './schema/schema.ts'
import type { Resolve, Schema } from './schema/schema.ts'

/** One thing that a change does to objects of one shape, in both directions. */
export interface ChainStep {
  /** The place of its change in the chain. */
  readonly change: number
  readonly operation: Operation | undefined
  up(object: ObjectEdit): void
  down(object: ObjectEdit): void
}

/** A shape right before and right after one change. */
export interface Stage {
  readonly change: number
  readonly shape: string
  readonly shapesBefore: Snapshot['shapes']
  readonly shapesAfter: Snapshot['shapes']
}

/** All versions, derived from the newest one: what each promises, and what leads from one to the next. */
export interface Chain {
  readonly versions: readonly string[]
  /** Versions ascending, within a version as declared. */
  readonly changes: readonly Change[]
  /** For each change, the place of its version. */
  readonly versionOf: readonly number[]
  readonly snapshots: ReadonlyMap<string, Snapshot>
  /** By shape, in the order of the chain. */
  readonly shapeSteps: ReadonlyMap<string, readonly ChainStep[]>
  readonly stages: readonly Stage[]
  /** By route, for the whole body of its successful answers. */
  readonly routeSteps: ReadonlyMap<string, readonly ChainStep[]>
}

/**
 * Derives every version from the newest one, by taking changes away in the exact reverse of their order.
 *
 * @throws HoldfastError `configuration-invalid` for a change of an unknown version, and for one that changes nothing that exists
 */
export function buildChain(versions: readonly string[], declared: readonly Change[], newest: Snapshot): Chain {
  const changes = inOrder(versions, declared)
  const versionOf = changes.map((change) => versions.indexOf(change.in))
  const shapeSteps = new Map<string, ChainStep[]>()
  const routeSteps = new Map<string, ChainStep[]>()
  const stages: Stage[] = []
  const snapshots = new Map<string, Snapshot>()
  let snapshot = newest
  for (let version = versions.length - 1; version >= 0; version--) {
    snapshot = { ...snapshot, version: versions[version] as string }
    snapshots.set(snapshot.version, snapshot)
    for (let index = changes.length - 1; index >= 0; index--)
      if (versionOf[index] === version) {
        const change = changes[index] as Change
        const after = snapshot
        snapshot = takeAway(after, change, index, shapeSteps, routeSteps)
        if (change.on.kind === 'resource')
          stages.push(
            ...change.on.names.map((shape) => ({ change: index, shape, shapesBefore: snapshot.shapes, shapesAfter: after.shapes })),
          )
      }
  }
  return { versions, changes, versionOf, snapshots, shapeSteps, routeSteps, stages }
}

function inOrder(versions: readonly string[], declared: readonly Change[]): Change[] {
  const ids = new Set<string>()
  for (const change of declared) {
    const version = versions.indexOf(change.in)
    if (version < 0)
      throw configurationError(
        `change ${JSON.stringify(change.id)}: in: expected one of ${versions.join(', ')}, got ${JSON.stringify(change.in)}`,
      )
    if (version === 0)
      throw configurationError(
        `change ${JSON.stringify(change.id)}: in: nothing is before ${change.in}, the oldest version; remove the change`,
      )
    if (ids.has(change.id)) throw configurationError(`changes: ${JSON.stringify(change.id)} is declared twice; give one of them another id`)
    ids.add(change.id)
  }
  return versions.flatMap((version) => declared.filter((change) => change.in === version))
}

type Steps = Map<string, ChainStep[]>

function takeAway(snapshot: Snapshot, change: Change, index: number, shapeSteps: Steps, routeSteps: Steps): Snapshot {
  switch (change.on.kind) {
    case 'resource':
      return takeFromShapes(snapshot, change, change.on.names, index, shapeSteps)
    case 'routes':
      return takeFromRoutes(snapshot, change, change.on.names, index, routeSteps)
    case 'refusals': {
      const { schemaBefore: schema, errorContentType = snapshot.refusal.contentType } = change
      return schema === undefined
        ? snapshot
        : {
            ...snapshot,
            refusal: { schema: typeof schema === 'function' ? schema(snapshot.refusal.schema) : schema, contentType: errorContentType },
          }
    }
  }
}

function takeFromShapes(snapshot: Snapshot, change: Change, names: readonly string[], index: number, steps: Steps): Snapshot {
  const shapes = new Map(snapshot.shapes)
  const resolve = resolveIn(snapshot.shapes)
  const used = new Set<Operation>()
  for (const name of names) {
    const shape = shapes.get(name)
    if (shape === undefined)
      throw configurationError(
        `change ${JSON.stringify(change.id)}: there is no shape ${JSON.stringify(name)}; shapes are ${[...shapes.keys()].join(', ')}`,
      )
    const own: ChainStep[] = []
    let before = shape
    if (change.response !== undefined) {
      own.unshift(functionStep(change, index))
      before = typeof change.schemaBefore === 'function' ? change.schemaBefore(before) : (change.schemaBefore as Schema)
    }
    before = takeOperations(before, change.operations, index, resolve, own, used)
    shapes.set(name, before)
    steps.set(name, [...own, ...(steps.get(name) ?? [])])
  }
  assertUsed(change, used)
  return { ...snapshot, shapes }
}

function takeFromRoutes(snapshot: Snapshot, change: Change, names: readonly string[], index: number, steps: Steps): Snapshot {
  const routes = new Map(snapshot.routes)
  const resolve = resolveIn(snapshot.shapes)
  const used = new Set<Operation>()
  for (const name of names) {
    const model = routes.get(name)
    if (model === undefined)
      throw configurationError(
        `change ${JSON.stringify(change.id)}: there is no route ${JSON.stringify(name)}; routes are ${[...routes.keys()].join(', ')}`,
      )
    let own: ChainStep[] = []
    const responses = new Map<string, Content>()
    for (const [status, content] of model.responses) {
      if (change.operations.length === 0 || !isSuccess(status)) responses.set(status, content)
      else {
        const changed = new Map<string, Schema>()
        for (const [type, schema] of content) {
          const these: ChainStep[] = []
          changed.set(type, takeOperations(schema, change.operations, index, resolve, these, used))
          if (these.length > own.length) own = these
        }
        responses.set(status, changed)
      }
    }
    steps.set(name, [...own, ...(steps.get(name) ?? [])])
    routes.set(name, { ...model, responses: statusesBefore(responses, change), query: queryBefore(model, change, resolve) })
  }
  assertUsed(change, used)
  return { ...snapshot, routes }
}

/** Takes operations away, the last one first, and notes the steps of those that apply. */
function takeOperations(
  after: Schema,
  operations: readonly Operation[],
  index: number,
  resolve: Resolve,
  own: ChainStep[],
  used: Set<Operation>,
): Schema {
  let schema = after
  for (const operation of operations.toReversed()) {
    if (!operation.appliesTo(schema, resolve)) continue
    used.add(operation)
    assertInside(operation, schema, resolve)
    own.unshift({ change: index, operation, up: (object) => operation.up(object), down: (object) => operation.down(object) })
    schema = operation.before(schema, resolve)
  }
  return schema
}

/** What is inside another shape is that shape's own, wherever it appears: a change of it must be declared there. */
function assertInside(operation: Operation, schema: Schema, resolve: Resolve): void {
  for (const [, path] of operation.pointers) {
    for (let length = 1; length < (operation.ownDepth ?? path.length); length++) {
      const [first, ...rest] = path.slice(0, length) as [string, ...string[]]
      const member = findMember(schema, [first, ...rest], resolve)
      const name = member && shapeNameOf(member.schema)
      if (name !== undefined)
        throw configurationError(
          `${operation.describe}: it reaches into the shape ${JSON.stringify(name)}; declare the change on that shape`,
        )
    }
  }
}

function assertUsed(change: Change, used: ReadonlySet<Operation>): void {
  const idle = change.operations.find((operation) => !used.has(operation))
  if (idle !== undefined)
    throw configurationError(`change ${JSON.stringify(change.id)}: nothing it is on has what this is about: ${idle.describe}`)
}

function functionStep({ request, response }: Change, index: number): ChainStep {
  const through = (change: ((value: unknown) => unknown) | undefined) => (object: ObjectEdit) => {
    const value = change?.(toValue(object.print() ?? object.source))
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new TypeError('a change of a resource must return an object')
    assignValue(object, value as Readonly<Record<string, unknown>>)
  }
  return { change: index, operation: undefined, up: through(request), down: through(response) }
}

function statusesBefore(responses: ReadonlyMap<string, Content>, { status }: Change): ReadonlyMap<string, Content> {
  return new Map([...responses].map(([code, content]) => [String(status[Number(code)] ?? code), content]))
}

function queryBefore({ query }: RouteModel, { query: { rename = {}, values = {} } }: Change, resolve: Resolve): Schema | undefined {
  if (query === undefined) return undefined
  let before = query
  for (const [name, mapping] of Object.entries(values)) {
    const member = findMember(before, [name], resolve)
    if (member !== undefined) before = withMember(before, [name], { ...member, schema: schemaBefore(mapping, member.schema) }, resolve)
  }
  for (const [from, to] of Object.entries(rename)) before = renameMember(before, to, from, resolve)
  return before
}

const isSuccess = (status: string): boolean => status.startsWith('2')
