import { describe, expect, it } from 'vitest'
import { rewriteJson } from '../../../src/versioning/json/rewrite.ts'
import type { PlanNode } from '../../../src/versioning/json/rewrite.ts'
import { longChain } from './long-chain.ts'

// How long it takes is measured by `npm run bench -- versioning`, where nothing fails because the machine was busy.
describe('the cost of a chain of 100 versions with 4 changes each', () => {
  it('is that of the changes about the answer, however many others there are [T33]', () => {
    const few = work(6)
    const many = work(100)
    expect(many.members).toEqual(expect.arrayContaining(['label', 'owner', 'from', 'status', 'made']))
    expect(many.fired).toBe(500)
    expect(many.steps).toBe(5)
    expect(many).toEqual(few)
  })

  it('is nothing where no change applies: the answer has no plan, and is not even read [T33]', () => {
    expect(planOf(100, 'GET /plain')).toBeUndefined()
  })
})

function planOf(length: number, route: string): PlanNode | undefined {
  const { versions } = longChain(length)
  return versions
    .plan(versions.list[0]?.id ?? '')
    ?.routes.get(route)
    ?.response(200, 'application/json')
}

/** What there is to do for the oldest version of so many, on a list of 100 items. */
function work(length: number): { readonly steps: number; readonly fired: number; readonly members: readonly string[] } {
  const plan = planOf(length, 'GET /items')
  if (plan === undefined) throw new Error(`nothing is planned with ${length} versions`)
  let fired = 0
  const { list } = longChain(length)
  const [first] = (JSON.parse(rewriteJson(list, plan, { fired: () => fired++ })) as { data: object[] }).data
  return { steps: countSteps(plan), fired, members: Object.keys(first ?? {}).toSorted() }
}

/** The steps of all nodes. The lists of the example do not contain themselves. */
function countSteps(node: PlanNode): number {
  const below = [...(node.members?.values() ?? []), ...(node.items === undefined ? [] : [node.items])]
  return (node.steps?.length ?? 0) + below.reduce((sum, child) => sum + countSteps(child), 0)
}
