import type { Chain, ChainStep, Stage } from './chain.ts'
import type { Refusal } from './change.ts'
import type { PlanNode, Step, Trace } from './json/rewrite.ts'
import { fromValue } from './json/value.ts'
import type { Content } from './model.ts'
import { planPaths } from './paths.ts'
import type { PathPlan } from './paths.ts'
import { createPlanner } from './plan.ts'
import type { Planner } from './plan.ts'
import { createPointerMap } from './pointers.ts'
import type { PointerMap } from './pointers.ts'
import { planQuery } from './query.ts'
import type { Placed, QueryPlan } from './query.ts'
import type { Shapes } from './schema/schema.ts'

/** What happens to the calls of one route under one version. Whatever is `undefined` stays as it came. */
export interface RoutePlan {
  request(mediaType: string): PlanNode | undefined
  response(status: number, mediaType: string): PlanNode | undefined
  readonly query: QueryPlan | undefined
  /** Header fields of requests: their name in the version, and in the newest one. */
  readonly fields: readonly Placed<readonly [before: string, after: string]>[]
  /** What a status of the newest version is in this one. */
  status(newest: number, trace: Trace): number
  readonly pointers: PointerMap
}

/** Everything that happens under one version, worked out once. */
export interface VersionPlan {
  readonly version: string
  readonly paths: PathPlan | undefined
  readonly routes: ReadonlyMap<string, RoutePlan>
  /** For calls of routes that no version describes: only their refusals are translated. */
  readonly anyRoute: RoutePlan
  /** Changes between this version and the newest one, by id. */
  readonly missing: ReadonlySet<string>
  /** `undefined` when refusals look as they do in the newest version. */
  readonly refusal: ((refusal: Refusal, trace: Trace) => Refusal) | undefined
  up(shape: string): PlanNode | undefined
  down(shape: string): PlanNode | undefined
}

const nothing: RoutePlan = {
  request: () => undefined,
  response: () => undefined,
  query: undefined,
  fields: [],
  status: (newest) => newest,
  pointers: { pointer: (pointer) => pointer, parameter: (name) => name },
}

/** Compiles the plans of one version: from it to the newest one, and back. */
export function compileVersion(chain: Chain, version: string): VersionPlan {
  const place = chain.versions.indexOf(version)
  const isMissing = (change: number): boolean => (chain.versionOf[change] as number) > place
  const placed = chain.changes.map((what, change) => ({ change, what })).filter(({ change }) => isMissing(change))
  const newest = chain.snapshots.get(chain.versions.at(-1) as string)
  const own = chain.snapshots.get(version)
  const ups = plannerOf(chain, own?.shapes, isMissing, 'up')
  const downs = plannerOf(chain, newest?.shapes, isMissing, 'down')
  const routes = new Map<string, RoutePlan>()
  for (const [route, model] of newest?.routes ?? []) {
    const changes = placed.filter(({ what: { on } }) => on.kind === 'routes' && on.names.includes(route))
    const wholes = stepsOf(chain.routeSteps.get(route), isMissing, 'down')
    const answers = new Map(
      [...model.responses].map(([status, content]) => [status, planContent(content, downs, isSuccess(status) ? wholes : [])]),
    )
    const asked = planContent(own?.routes.get(route)?.request ?? new Map(), ups, [])
    const query = planQuery(changes.map(({ change, what }) => ({ change, what: what.query })))
    routes.set(route, {
      request: (mediaType) => find(asked, mediaType),
      response: (status, mediaType) =>
        find(answers.get(String(status)) ?? answers.get(`${Math.trunc(status / 100)}XX`) ?? answers.get('default'), mediaType),
      query,
      fields: changes.flatMap(({ change, what }) => Object.entries(what.headers).map((names) => ({ change, what: names }))),
      status: planStatus(changes.toReversed().map(({ change, what }) => ({ change, what: what.status }))),
      pointers: createPointerMap(
        [...model.request.values()][0],
        (shape) => (chain.shapeSteps.get(shape) ?? []).filter(({ change }) => isMissing(change)),
        changes.map(({ what }) => what.query),
      ),
    })
  }
  return {
    version,
    paths: planPaths(placed.map(({ change, what }) => ({ change, what: what.paths }))),
    routes,
    anyRoute: nothing,
    missing: new Set(placed.map(({ what: { id } }) => id)),
    refusal: refusalPlan(chain, isMissing),
    up: (shape) => (own?.shapes.has(shape) ? ups.planShape(shape) : undefined),
    down: (shape) => (newest?.shapes.has(shape) ? downs.planShape(shape) : undefined),
  }
}

/** What one change does to a shape, for trying it alone. */
export function planStage(
  chain: Chain,
  { change, shape, shapesBefore, shapesAfter }: Stage,
  direction: 'up' | 'down',
): PlanNode | undefined {
  return plannerOf(chain, direction === 'up' ? shapesBefore : shapesAfter, (one) => one === change, direction).planShape(shape)
}

function plannerOf(chain: Chain, shapes: Shapes = new Map(), isMissing: (change: number) => boolean, direction: 'up' | 'down'): Planner {
  const inOrder = (steps: readonly Step[]): readonly Step[] =>
    steps.toSorted((a, b) => (direction === 'up' ? a.change - b.change : b.change - a.change))
  return createPlanner(shapes, (shape) => stepsOf(chain.shapeSteps.get(shape), isMissing, direction), inOrder)
}

/** Up in the order of the chain, down in the exact reverse, within one change too. */
function stepsOf(steps: readonly ChainStep[] = [], isMissing: (change: number) => boolean, direction: 'up' | 'down'): Step[] {
  const own = steps.filter(({ change }) => isMissing(change))
  return direction === 'up'
    ? own.map((step) => ({ change: step.change, run: step.up }))
    : own.toReversed().map((step) => ({ change: step.change, run: step.down }))
}

function planContent(content: Content, planner: Planner, wholes: readonly Step[]): ReadonlyMap<string, PlanNode | undefined> {
  // A stream of lines has no envelope: each line is an item.
  return new Map([...content].map(([type, schema]) => [type, planner.plan(schema, type === 'application/x-ndjson' ? [] : wholes)]))
}

/** Patches are applied in the caller's representation, so they are never translated themselves. */
const patches = new Set(['application/merge-patch+json', 'application/json-patch+json'])

function find(plans: ReadonlyMap<string, PlanNode | undefined> | undefined, mediaType: string): PlanNode | undefined {
  if (plans === undefined || patches.has(mediaType)) return undefined
  if (plans.has(mediaType)) return plans.get(mediaType)
  const isJson = mediaType === '' || mediaType === 'application/json' || mediaType.endsWith('+json')
  return isJson ? plans.get('application/json') : undefined
}

function planStatus(changes: readonly Placed<Readonly<Record<number, number>>>[]): RoutePlan['status'] {
  const effective = changes.filter(({ what }) => Object.keys(what).length > 0)
  return (newest, trace) =>
    effective.reduce((status, { change, what }) => {
      const before = what[status]
      if (before === undefined) return status
      trace.fired(change)
      return before
    }, newest)
}

function refusalPlan(chain: Chain, isMissing: (change: number) => boolean): VersionPlan['refusal'] {
  const steps = chain.changes
    .flatMap(({ error }, change) => (error !== undefined && isMissing(change) ? [{ error, change }] : []))
    .toReversed()
  if (steps.length === 0) return undefined
  return function downgrade(refusal, trace) {
    let told = refusal
    for (const { error, change } of steps) {
      const next = { ...told, ...error(told) }
      if (fromValue(next) !== fromValue(told)) trace.fired(change)
      told = next
    }
    return told
  }
}

const isSuccess = (status: string): boolean => status.startsWith('2')
