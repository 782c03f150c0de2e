import type { Random } from '../../core/index.ts'
import type { Stage } from '../chain.ts'
import { rewriteJson } from '../json/rewrite.ts'
import type { PlanNode } from '../json/rewrite.ts'
import { fromValue, toValue } from '../json/value.ts'
import { formatPath } from '../schema/path.ts'
import { referTo, resolveIn } from '../schema/schema.ts'
import type { Versions } from '../versions.ts'
import { sample } from './sample.ts'
import { validate } from './validate.ts'

/** A sample that shows that a change does not keep what it promises. */
export interface CounterExample {
  /** The change, or the versions, that it was found in. */
  readonly subject: string
  readonly shape: string
  readonly problem: string
  readonly input: unknown
  readonly output: unknown
}

const silent = { fired: () => {} }

const through = (plan: PlanNode | undefined, value: unknown): unknown =>
  plan === undefined ? value : toValue(rewriteJson(fromValue(value), plan, silent))

/**
 * Tries a change with generated samples: a sample of this version, brought down, must be one of the version before; a sample of the version
 * before, brought up, one of this version; and brought down again, itself. `undefined`: nothing was found.
 */
export function tryChange(versions: Versions, stage: Stage, runs: number, random: Random): CounterExample | undefined {
  const { chain, planStage } = versions
  const { change, shape, shapesBefore, shapesAfter } = stage
  const own = (chain.shapeSteps.get(shape) ?? []).filter((step) => step.change === change)
  const unkept = own.flatMap(({ operation }) => operation?.unkept ?? []).map(formatPath)
  const [up, down] = [planStage(stage, 'up'), planStage(stage, 'down')]
  return tryTranslation(chain.changes[change]?.id ?? '', shape, up, down, shapesBefore, shapesAfter, unkept, runs, random)
}

/** As `tryChange`, for everything between a version and the newest one. */
export function tryVersion(versions: Versions, version: string, shape: string, runs: number, random: Random): CounterExample | undefined {
  const { chain, newest } = versions
  const before = chain.snapshots.get(version)?.shapes
  const after = chain.snapshots.get(newest)?.shapes
  const plan = versions.plan(version)
  if (before === undefined || after === undefined || plan === undefined) return undefined
  const place = chain.versions.indexOf(version)
  const missing = (chain.shapeSteps.get(shape) ?? []).filter(({ change }) => (chain.versionOf[change] as number) > place)
  const unkept = missing.flatMap(({ operation }) => operation?.unkept ?? []).map(formatPath)
  return tryTranslation(`${version} to ${newest}`, shape, plan.up(shape), plan.down(shape), before, after, unkept, runs, random)
}

function tryTranslation(
  subject: string,
  shape: string,
  up: PlanNode | undefined,
  down: PlanNode | undefined,
  before: Stage['shapesBefore'],
  after: Stage['shapesAfter'],
  unkept: readonly string[],
  runs: number,
  random: Random,
): CounterExample | undefined {
  const older = resolveIn(before)
  const newer = resolveIn(after)
  const root = referTo(shape)
  let input: unknown
  let output: unknown
  const found = (problem: string): CounterExample => ({ subject, shape, problem, input, output })
  try {
    for (let run = 0; run < runs; run++) {
      input = sample(root, newer, random)
      output = through(down, input)
      const [below] = validate(root, output, older)
      if (below !== undefined) return found(`brought down, ${below.pointer || 'it'} ${below.problem} in the version before`)
      input = sample(root, older, random)
      output = through(up, input)
      const [above] = validate(root, output, newer)
      if (above !== undefined) return found(`brought up, ${above.pointer || 'it'} ${above.problem} in this version`)
      output = through(down, output)
      const lost = difference(input, output, '')
      if (lost !== undefined && !unkept.includes(lost)) return found(`brought up and down again, ${lost || 'it'} is another`)
    }
  } catch (error) {
    output = error instanceof Error ? `${error.message}${error.cause instanceof Error ? `: ${error.cause.message}` : ''}` : String(error)
    return found('it threw')
  }
  return undefined
}

/** Where two values first differ, as a JSON Pointer. */
function difference(a: unknown, b: unknown, at: string): string | undefined {
  if (Object.is(a, b)) return undefined
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return at
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  for (const name of names) {
    const found = difference((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name], `${at}${formatPath([name])}`)
    if (found !== undefined) return found
  }
  return undefined
}
