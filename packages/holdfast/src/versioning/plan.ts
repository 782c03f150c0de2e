import { configurationError } from '../core/index.ts'
import { matcherOf } from './matcher.ts'
import type { PlanNode, Step, Variant } from './json/rewrite.ts'
import { isSchema, resolveIn, schemasIn, shapeNameOf } from './schema/schema.ts'
import type { Schema, Shapes } from './schema/schema.ts'

/** Makes plans over the schemas of one version, for one direction. Shapes are planned once, wherever they appear. */
export interface Planner {
  /** The plan of a body; `undefined` when there is nothing to do, however deep. */
  plan(schema: Schema, ofWhole?: readonly Step[]): PlanNode | undefined
  /** As `plan`, for a shape by its name. */
  planShape(name: string): PlanNode | undefined
}

type InOrder = (steps: readonly Step[]) => readonly Step[]

/** Whether these hold depends on more than the name under which a value stands. */
const unfollowed = ['then', 'else', 'dependentSchemas', 'patternProperties', 'prefixItems']
const ofSeveral = new Set(['dependentSchemas', 'patternProperties', 'prefixItems'])

/**
 * Makes a planner.
 *
 * @param shapes of the version that bodies come in
 * @param stepsOf what happens to objects of a shape, in the order in which it happens
 * @param inOrder puts steps of several shapes and those of a whole body into one order
 */
export function createPlanner(shapes: Shapes, stepsOf: (shape: string) => readonly Step[], inOrder: InOrder): Planner {
  const resolve = resolveIn(shapes)
  const known = new Map<string, PlanNode>()
  /** What nodes consist of besides themselves. It is joined when all of it is there: a shape may lead back to one that is not finished. */
  const parts = new Map<PlanNode, PlanNode[]>()
  const pairs = new Map<PlanNode, Map<PlanNode, PlanNode>>()
  const refused = new Map<PlanNode, string>()

  function build(schema: Schema): PlanNode {
    const name = shapeNameOf(schema)
    return name !== undefined && Object.keys(schema).length === 1 ? shape(name) : fill({}, schema)
  }

  function shape(name: string): PlanNode {
    const before = known.get(name)
    if (before !== undefined) return before
    const steps = stepsOf(name)
    const node: PlanNode = steps.length > 0 ? { steps } : {}
    // Known before it is filled, so that a shape that contains itself leads back here.
    known.set(name, node)
    return fill(node, shapes.get(name) ?? resolve({ $ref: `#/$defs/${name}` }))
  }

  function fill(node: PlanNode, schema: Schema): PlanNode {
    const { properties, additionalProperties, items, allOf, anyOf, oneOf } = schema
    const name = shapeNameOf(schema)
    const own = schemasIn(allOf).map(build)
    if (name !== undefined) own.push(shape(name))
    if (isSchema(properties)) node.members = new Map(Object.entries(properties).map(([of, member]) => [of, build(member as Schema)]))
    if (isSchema(additionalProperties)) node.others = build(additionalProperties)
    if (isSchema(items)) node.items = build(items)
    for (const keyword of unfollowed) {
      const inside = schema[keyword]
      if (inside) refused.set(build(ofSeveral.has(keyword) ? { anyOf: Object.values(inside) } : (inside as Schema)), keyword)
    }
    for (const choices of [anyOf, oneOf].map((all) => schemasIn(all).filter(({ type }) => type !== 'null'))) {
      const [only] = choices
      if (choices.length === 1 && only !== undefined) own.push(build(only))
      else if (choices.length > 1) choose(node, choices)
    }
    if (own.length > 0) parts.set(node, own)
    return node
  }

  function choose(node: PlanNode, choices: readonly Schema[]): void {
    const items: Schema[] = []
    const variants: Variant[] = []
    for (const choice of choices) {
      const plain = resolve(choice)
      const matches = matcherOf(plain, resolve)
      if (isSchema(plain['items'])) items.push(plain['items'])
      else if (matches !== undefined) variants.push({ matches, node: build(choice) })
    }
    if (items.length > 0) node.items = build({ anyOf: items })
    if (variants.length > 0) {
      node.unions = [...(node.unions ?? []), variants]
      node.inOrder = inOrder
    }
  }

  function join(node: PlanNode): void {
    const own = parts.get(node) ?? []
    parts.delete(node)
    for (const part of own) {
      join(part)
      absorb(node, part)
    }
  }

  function absorb(node: PlanNode, { members, others, items, unions = [], steps = [] }: PlanNode): void {
    if (members !== undefined) {
      node.members = new Map(node.members)
      for (const [name, member] of members) node.members.set(name, both(node.members.get(name), member))
    }
    if (others !== undefined) node.others = both(node.others, others)
    if (items !== undefined) node.items = both(node.items, items)
    if (unions.length > 0) Object.assign(node, { unions: [...(node.unions ?? []), ...unions], inOrder })
    if (steps.length > 0) node.steps = inOrder([...(node.steps ?? []), ...steps])
  }

  /** What two parts say of one value. The same for the same two: they may contain themselves. */
  function both(one: PlanNode | undefined, other: PlanNode): PlanNode {
    if (one === undefined || one === other) return other
    const ofOne = pairs.get(one) ?? new Map<PlanNode, PlanNode>()
    pairs.set(one, ofOne)
    let node = ofOne.get(other)
    if (node === undefined) {
      ofOne.set(other, (node = {}))
      parts.set(node, [one, other])
    }
    return node
  }

  function plan(node: PlanNode, ofWhole: readonly Step[]): PlanNode | undefined {
    for (const each of parts.keys()) join(each)
    for (const [part, keyword] of refused)
      if (isEffective(part))
        throw configurationError(
          `schema: a change applies inside ${keyword}, which is not followed; describe it with properties, items or oneOf`,
        )
    refused.clear()
    const root = ofWhole.length > 0 ? { ...node, steps: inOrder([...(node.steps ?? []), ...ofWhole]) } : node
    return isEffective(root) ? root : undefined
  }

  return { plan: (schema, ofWhole = []) => plan(build(schema), ofWhole), planShape: (name) => plan(shape(name), []) }
}

/** Whether a node, or any below it, does something; and takes away what does not, so that it is never visited. */
function isEffective(root: PlanNode): boolean {
  const all = new Set([root])
  for (const node of all) for (const below of belowOf(node)) all.add(below)
  const effective = new Set([...all].filter(({ steps }) => steps !== undefined && steps.length > 0))
  for (let grown = true; grown;) {
    grown = false
    for (const node of all) {
      if (effective.has(node) || !belowOf(node).some((below) => effective.has(below))) continue
      effective.add(node)
      grown = true
    }
  }
  for (const node of all) trim(node, effective)
  return effective.has(root)
}

function trim(node: PlanNode, effective: ReadonlySet<PlanNode>): void {
  const has = (below: PlanNode | undefined): boolean => below !== undefined && effective.has(below)
  if (!has(node.others)) delete node.others
  if (!has(node.items)) delete node.items
  node.unions = node.unions?.filter((variants) => variants.some((variant) => has(variant.node)))
  // Members that nothing is done to are still none of the others.
  if (!node.others && node.members) node.members = new Map([...node.members].filter(([, below]) => has(below)))
}

function belowOf({ members, others, items, unions = [] }: PlanNode): PlanNode[] {
  return [...(members?.values() ?? []), ...(others ? [others] : []), ...(items ? [items] : []), ...unions.flat().map(({ node }) => node)]
}
