import type { PlanNode, Step, Variant } from './json/rewrite.ts'
import type { ObjectEdit } from './json/object-edit.ts'
import { referTo, resolveIn, shapeNameOf } from './schema/schema.ts'
import type { Schema, Shapes } from './schema/schema.ts'

/** Makes plans over the schemas of one version, for one direction. Shapes are planned once, wherever they appear. */
export interface Planner {
  /** The plan of a body; `undefined` when there is nothing to do, however deep. */
  plan(schema: Schema, ofWhole?: readonly Step[]): PlanNode | undefined
  /** As `plan`, for a shape by its name. */
  planShape(name: string): PlanNode | undefined
}

/**
 * Makes a planner.
 *
 * @param shapes of the version that bodies come in
 * @param stepsOf what happens to objects of a shape, in the order in which it happens
 * @param inOrder puts the steps of a shape and those of a whole body into one order
 */
export function createPlanner(
  shapes: Shapes,
  stepsOf: (shape: string) => readonly Step[],
  inOrder: (steps: readonly Step[]) => readonly Step[],
): Planner {
  const resolve = resolveIn(shapes)
  const known = new Map<string, PlanNode>()
  const unfinished = new Set<PlanNode>()

  function build(schema: Schema): PlanNode {
    const name = shapeNameOf(schema)
    return name === undefined ? fill({}, schema) : shape(name)
  }

  function shape(name: string): PlanNode {
    const before = known.get(name)
    if (before !== undefined) return before
    const node: PlanNode = {}
    // Known before it is filled, so that a shape that contains itself leads back here.
    known.set(name, node)
    unfinished.add(node)
    fill(node, resolve(referTo(name)))
    const steps = stepsOf(name)
    if (steps.length > 0) addSteps(node, steps)
    unfinished.delete(node)
    return node
  }

  function fill(node: PlanNode, schema: Schema): PlanNode {
    const { properties, additionalProperties, items, allOf, anyOf, oneOf } = schema
    if (isObject(properties)) node.members = new Map(Object.entries(properties).map(([name, member]) => [name, build(member as Schema)]))
    if (isObject(additionalProperties)) node.others = build(additionalProperties)
    if (isObject(items)) node.items = build(items)
    for (const part of schemasIn(allOf)) absorb(node, build(part))
    const choices = [...schemasIn(anyOf), ...schemasIn(oneOf)].filter((choice) => choice['type'] !== 'null')
    const [only] = choices
    if (choices.length === 1 && only !== undefined)
      return Object.keys(node).length === 0 ? Object.assign(node, aliased(only)) : absorb(node, build(only))
    if (choices.length > 1) choose(node, choices)
    return node
  }

  /** The node of a nullable member is that of the member: its content, or a way back to it while it has none yet. */
  function aliased(schema: Schema): PlanNode {
    const found = build(schema)
    return unfinished.has(found) ? { variants: [{ matches: () => true, node: found }] } : found
  }

  function choose(node: PlanNode, choices: readonly Schema[]): void {
    const variants: Variant[] = []
    for (const choice of choices) {
      const found = build(choice)
      const plain = resolve(choice)
      if (isObject(plain['items'])) node.items = found.items ?? found
      else if (plain['type'] === 'object' || isObject(plain['properties']))
        variants.push({ matches: matcherOf(plain, resolve), node: found })
    }
    if (variants.length > 0) node.variants = variants
  }

  function plan(node: PlanNode, ofWhole: readonly Step[]): PlanNode | undefined {
    const root = ofWhole.length > 0 ? addSteps({ ...node }, ofWhole, inOrder) : node
    return isEffective(root) ? root : undefined
  }

  return { plan: (schema, ofWhole = []) => plan(build(schema), ofWhole), planShape: (name) => plan(shape(name), []) }
}

function addSteps(node: PlanNode, steps: readonly Step[], inOrder = (all: readonly Step[]) => all): PlanNode {
  if (node.variants === undefined) node.steps = inOrder([...(node.steps ?? []), ...steps])
  else node.variants = node.variants.map((variant) => ({ ...variant, node: addSteps({ ...variant.node }, steps, inOrder) }))
  return node
}

function absorb(node: PlanNode, part: PlanNode): PlanNode {
  if (part.members !== undefined) node.members = new Map([...(node.members ?? []), ...part.members])
  if (part.others !== undefined) node.others = part.others
  if (part.items !== undefined) node.items = part.items
  if (part.variants !== undefined) node.variants = part.variants
  if (part.steps !== undefined) node.steps = [...(node.steps ?? []), ...part.steps]
  return node
}

/** By members that may have one value only; where there are none, by the members that must be there. */
function matcherOf(schema: Schema, resolve: (schema: Schema) => Schema): (object: ObjectEdit) => boolean {
  const properties = Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, Schema>>)
  const fixed = properties.flatMap(([name, member]) => {
    const { const: only, enum: values } = resolve(member)
    const allowed = only !== undefined ? [only] : Array.isArray(values) && values.length === 1 ? values : undefined
    return allowed === undefined ? [] : [[name, JSON.stringify(allowed[0])] as const]
  })
  if (fixed.length > 0) return (object) => fixed.every(([name, text]) => object.text(name) === text)
  const required = (schema['required'] ?? []) as readonly string[]
  return (object) => required.every((name) => object.has(name))
}

/** Whether a node, or any below it, does something; and takes away what does not, so that it is never visited. */
function isEffective(root: PlanNode): boolean {
  const all = new Set<PlanNode>()
  const collect = (node: PlanNode): void => {
    if (all.has(node)) return
    all.add(node)
    for (const below of belowOf(node)) collect(below)
  }
  collect(root)
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
  if (node.members !== undefined) {
    const kept = new Map([...node.members].filter(([, below]) => effective.has(below)))
    if (kept.size > 0) node.members = kept
    else delete node.members
  }
  if (node.others !== undefined && !effective.has(node.others)) delete node.others
  if (node.items !== undefined && !effective.has(node.items)) delete node.items
  if (node.variants !== undefined && !node.variants.some((variant) => effective.has(variant.node))) delete node.variants
}

function belowOf({ members, others, items, variants }: PlanNode): PlanNode[] {
  return [
    ...(members?.values() ?? []),
    ...(others ? [others] : []),
    ...(items ? [items] : []),
    ...(variants?.map(({ node }) => node) ?? []),
  ]
}

const isObject = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value)
const schemasIn = (value: unknown): readonly Schema[] => (Array.isArray(value) ? (value as Schema[]) : [])
