import { AssertionError } from 'node:assert'
import { isDeepStrictEqual } from 'node:util'
import { settle, take, ttlMs } from '../../rate-limit/decide.ts'
import type { TakeDecision } from '../../rate-limit/decide.ts'
import type { Meter, MeterState, TakeItem, TakeResult } from '../../rate-limit/store.ts'
import type { LimitOperation, Place } from './history.ts'
import { metersAt } from './meters.ts'
import type { LimitBench } from './subject.ts'

type Settling = Extract<LimitOperation, { kind: 'settle' }>
type Taking = Extract<LimitOperation, { kind: 'take' }>

/** What the model knows of one counter: all that a store may hold. It may forget a counter from `emptyAt` on, and need not. */
interface Kept {
  readonly states: readonly (MeterState | undefined)[]
  readonly emptyAt: number
}

/** How a store left the model. */
interface Disagreement {
  readonly lines: readonly string[]
  readonly sent: number
}

const graceMs = 1_000
const tokensKeptMs = 60_000

/** Replays a history on a store and on `decide.ts`. A disagreement is made as short as possible, and thrown. */
export async function replayLimits(bench: LimitBench, history: readonly LimitOperation[], origin: string): Promise<void> {
  const first = await findDisagreement(bench, history)
  if (first === undefined) return
  const shortest = await shorten(bench, history.slice(0, first.sent))
  const { lines } = (await findDisagreement(bench, shortest)) ?? first
  throw new AssertionError({
    message: [
      `the store does not follow decide.ts (${origin}, shortened from ${first.sent} to ${shortest.length} operations):`,
      ...lines,
    ].join('\n'),
  })
}

async function shorten(bench: LimitBench, history: readonly LimitOperation[]): Promise<readonly LimitOperation[]> {
  let shortest = history
  for (let index = history.length - 2; index >= 0; index--) {
    const shorter = shortest.toSpliced(index, 1)
    if ((await findDisagreement(bench, shorter)) !== undefined) shortest = shorter
  }
  return shortest.length < history.length ? shorten(bench, shortest) : shortest
}

async function findDisagreement(bench: LimitBench, history: readonly LimitOperation[]): Promise<Disagreement | undefined> {
  const { store, options } = bench
  const owners = [bench.owner(), bench.owner()]
  const tokens = new Map<number, string>()
  const applied = new Map<string, number>()
  const model = new Map<string, Kept>()
  const takes = [options.time?.now() ?? Date.now()]
  const meters = metersAt(takes[0] as number)
  const lines: string[] = []

  for (const operation of history) {
    const line = `  ${lines.length + 1}. ${JSON.stringify(operation)} ->`
    try {
      const wrong = await perform(operation, line)
      if (wrong !== undefined) return { lines: [...lines, `     expected ${wrong}`], sent: lines.length }
    } catch (error) {
      return { lines: [...lines, `${line} rejected: ${String(error)}`], sent: lines.length + 1 }
    }
  }
  return undefined

  async function perform(operation: LimitOperation, line: string): Promise<string | undefined> {
    switch (operation.kind) {
      case 'advance':
        options.time?.advance(operation.ms)
        lines.push(line)
        return undefined
      case 'settle':
        return performSettle(operation, line)
      case 'take':
        return performTake(operation, line)
    }
  }

  async function performTake(operation: Taking, line: string): Promise<string | undefined> {
    const items = operation.items.map((item): TakeItem => ({ ...named(item), cost: item.cost, shadow: item.shadow }))
    const observed = await store.take(items)
    lines.push(`${line} ${JSON.stringify(observed)}`)
    takes.push(observed.now)
    const possible = statesOf(items, observed.now).map((states) => take(items, states, observed.now))
    const match = possible.find((decision) => agree(observed, decision))
    if (match === undefined) return possible.map(({ admitted, items }) => JSON.stringify({ admitted, items })).join(' or ')
    match.writes.forEach((write, index) => {
      if (write !== undefined) keep(items[index] as TakeItem, [write], observed.now)
    })
    return undefined
  }

  async function performSettle({ token, back, items }: Settling, line: string): Promise<string | undefined> {
    const name = tokens.get(token) ?? bench.token()
    tokens.set(token, name)
    const takenAt = takes.at(-1 - back) ?? (takes[0] as number)
    const settled = items.map((item) => ({ ...named(item), delta: item.delta }))
    const observed = await store.settle({ token: name, takenAt, items: settled })
    lines.push(`${line} ${JSON.stringify(observed)}`)
    const appliedAt = applied.get(name)
    // A store need not remember a token for more than a minute.
    const isForgettable = appliedAt === undefined || observed.now >= appliedAt + tokensKeptMs
    if (observed.applied ? !isForgettable : appliedAt === undefined) return `applied ${String(!observed.applied)}`
    if (!observed.applied) return undefined
    applied.set(name, observed.now)
    for (const item of settled) {
      const after = possibleOf(item, observed.now).map((state) => settle(item, state, takenAt, observed.now))
      keep(item, after, observed.now)
    }
    return undefined
  }

  function named({ owner, counter, kind, plan }: Place & { plan: number }): { owner: string; counter: string; meter: Meter } {
    const plans = meters[kind]
    return { owner: owners[owner] as string, counter: `${kind}-${counter}`, meter: plans[plan % plans.length] as Meter }
  }

  function keep(item: { owner: string; counter: string; meter: Meter }, states: readonly MeterState[], now: number): void {
    model.set(keyOf(item), { states, emptyAt: now + Math.min(...states.map((state) => ttlMs(item.meter, state, now))) - graceMs })
  }

  function possibleOf(item: { owner: string; counter: string }, now: number): readonly (MeterState | undefined)[] {
    const kept = model.get(keyOf(item))
    if (kept === undefined) return [undefined]
    return now >= kept.emptyAt ? [...kept.states, undefined] : kept.states
  }

  /** All that a store may still know: a counter that has run empty is forgotten at some time. */
  function statesOf(items: readonly TakeItem[], now: number): readonly (readonly (MeterState | undefined)[])[] {
    return items.reduce<readonly (readonly (MeterState | undefined)[])[]>(
      (before, item) => before.flatMap((states) => possibleOf(item, now).map((state) => [...states, state])),
      [[]],
    )
  }
}

function keyOf({ owner, counter }: { readonly owner: string; readonly counter: string }): string {
  return JSON.stringify([owner, counter])
}

function agree(observed: TakeResult, { admitted, items }: TakeDecision): boolean {
  return observed.admitted === admitted && isDeepStrictEqual(observed.items, items) && Number.isSafeInteger(observed.now)
}
