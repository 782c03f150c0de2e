import { setTimeout as sleep } from 'node:timers/promises'
import type { Chance } from '../../simulate/chance.ts'
import type { Attempt, Operation } from '../history.ts'
import { essence, isPassing, send } from './client.ts'
import type { Answer } from './client.ts'
import { fateHeader } from './fault-proxy.ts'
import type { Fate } from './fault-proxy.ts'
import { asAlice } from './fleet.ts'

/** What callers need to know. */
export interface CallerPlan {
  readonly chance: Chance
  /** A proxy in front of each worker. */
  readonly urls: readonly string[]
  readonly bodyOf: (cents: number) => object
  /** When no new call is to begin. Those begun go on until they know. */
  readonly isOver: () => boolean
}

/** What all callers together did. */
export interface Calls {
  readonly operations: Operation[]
  readonly attempts: Attempt[]
  /** Those whose own caller knows they succeeded: only then is another amount under their key a misuse. */
  readonly known: Operation[]
  faults: number
}

const odds: readonly (readonly [fate: Fate, share: number])[] = [
  ['drop request', 0.06],
  ['drop response', 0.1],
  ['cut response', 0.05],
  ['duplicate', 0.08],
  ['delay', 0.05],
  ['503', 0.04],
]

// More than any outage takes: who never learns the outcome by then never would.
const learnWithinMs = 45_000

/** Runs naive callers at once: each repeats a call, under its key, until it knows the outcome, then begins the next. */
export async function runCallers(count: number, plan: CallerPlan): Promise<Calls> {
  const calls: Calls = { operations: [], attempts: [], known: [], faults: 0 }
  const caller = async (): Promise<void> => {
    while (!plan.isOver()) await runOperation(nextOperation(calls, plan.chance), calls, plan)
  }
  await Promise.all(Array.from({ length: count }, caller))
  return calls
}

/** One call in ten repeats an earlier one, which may still be running; one in twenty misuses a key. */
function nextOperation({ operations, known }: Calls, chance: Chance): Operation {
  const index = operations.length
  const draw = chance.at('plan', index)
  const pick = (list: readonly Operation[]) => list[Math.floor(chance.at('earlier', index) * list.length)]
  const [earlier, owner] = [pick(operations), pick(known)]
  let operation: Operation = { index, key: `call-${index}`, cents: 100 + index, isMisuse: false }
  if (draw < 0.1 && earlier !== undefined && !earlier.isMisuse) operation = { ...earlier, index }
  else if (draw > 0.95 && owner !== undefined) operation = { index, key: owner.key, cents: 50_000 + index, isMisuse: true }
  operations.push(operation)
  return operation
}

async function runOperation(operation: Operation, calls: Calls, { chance, urls, bodyOf }: CallerPlan): Promise<void> {
  const { index, key, cents } = operation
  const begunAt = performance.now()
  for (let attempt = 0; performance.now() - begunAt < learnWithinMs; attempt += 1) {
    const name = `${index}.${attempt}`
    const fate = drawFate(chance.at('fate', name))
    if (fate !== 'arrives') calls.faults += 1
    const url = urls[Math.floor(chance.at('route', name) * urls.length)] ?? ''
    const startedAt = performance.now()
    const answer = await send(url, { path: '/transfers', key, body: bodyOf(cents), headers: { ...asAlice, [fateHeader]: fate } }).catch(
      () => undefined,
    )
    calls.attempts.push({ operation: index, attempt, startedAt, endedAt: performance.now(), answer: answer && toRecord(answer) })
    if (answer?.status === 201) calls.known.push(operation)
    // Sometimes once more, to be sure.
    if (answer !== undefined && !isPassing(answer) && chance.at('again', name) > 0.2) return
    await sleep(20 + chance.at('backoff', name) * 60)
  }
}

function toRecord(answer: Answer): NonNullable<Attempt['answer']> {
  const { id, code } = (answer.headers['content-type'] === undefined ? {} : JSON.parse(answer.body)) as { id?: string; code?: string }
  return { status: answer.status, essence: JSON.stringify(essence(answer)), id, code }
}

function drawFate(draw: number): Fate {
  let edge = 0
  for (const [fate, share] of odds) {
    edge += share
    if (draw < edge) return fate
  }
  return 'arrives'
}
