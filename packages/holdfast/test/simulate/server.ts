import { createCall, jsonReply, sleep, toFields, transactionFact } from '../../src/core/index.ts'
import type { Call, Policy, Reply } from '../../src/core/index.ts'
import type { Chance } from './chance.ts'
import type { Effect } from './check.ts'
import type { Execution, History } from './history.ts'
import type { Process } from './process.ts'
import type { VirtualTime } from './time.ts'

/** One attempt of a caller, as it arrives at a server. */
export interface Attempt {
  readonly name: string
  readonly account: string
  readonly key: string
  readonly payload: string
}

/** A server: a policy round a handler, inside one process. */
export interface Server {
  readonly process: Process
  /** Calls back when there is a reply; never when the process dies first. */
  receive(attempt: Attempt, reply: (status: number, body: string) => void): void
  /** Marks everything that runs here as disturbed. */
  disturb(): void
}

/** What a server is made of. */
export interface ServerParts {
  readonly process: Process
  readonly policy: Policy
  readonly time: VirtualTime
  readonly chance: Chance
  readonly history: History
  /** Has the effect; through the transaction, where there is one. */
  takeEffect(effect: Effect, transaction: unknown): void
  /** Whether handlers hold a transaction. */
  readonly isTransactional: boolean
  onFault(kind: string): void
  /** Takes back what the process held: locks, open transactions. */
  onDeath(): void
}

const never = new Promise<never>(() => {})
const crashes = { 'before-effect': 0.01, 'after-effect': 0.015, 'after-commit': 0.015 } as const
const stallsAfterEffect = 0.03
const throwsAfterEffect = 0.02
const isSlow = 0.03

/** Puts a server together. */
export function createServer(parts: ServerParts): Server {
  const { process, policy, chance, history, onFault } = parts
  const running = new Set<Execution>()
  const executionOf = new WeakMap<Call, Execution>()

  async function crashPoint(name: keyof typeof crashes, attempt: Attempt): Promise<void> {
    if (chance.at(name, attempt.name) >= crashes[name]) return
    onFault(`crash ${name}`)
    disturb()
    process.kill()
    parts.onDeath()
    await never
  }

  /** The whole process stands still for longer than a lease, and then goes on as if nothing had happened. */
  async function stall(attempt: Attempt): Promise<void> {
    if (parts.isTransactional || chance.at('stall', attempt.name) >= stallsAfterEffect) return
    onFault('stall after effect')
    disturb()
    process.stop()
    parts.time.after(2_500 + chance.at('stalled', attempt.name) * 3_000, () => process.resume())
    await sleep(process.clock, 1)
  }

  async function handle(call: Call, attempt: Attempt): Promise<Reply> {
    const { account, key, payload } = attempt
    const execution: Execution = { account, key, payload, process: process.name, effects: 0, disturbed: false }
    const run = history.executions.push(execution)
    running.add(execution)
    executionOf.set(call, execution)
    await spend(durationMs(attempt) / 2)
    await crashPoint('before-effect', attempt)
    execution.effects++
    parts.takeEffect({ account, key, payload }, call.facts.get(transactionFact))
    await crashPoint('after-effect', attempt)
    await stall(attempt)
    if (chance.at('throw', attempt.name) < throwsAfterEffect) {
      onFault('throw after effect')
      execution.disturbed = true
      throw new Error('the handler failed after its effect')
    }
    await spend(durationMs(attempt) / 2)
    return jsonReply(201, { account, payload, run })
  }

  /** A transaction takes no virtual time: SQLite works in real time, which virtual time waits for. */
  async function spend(durationMs: number): Promise<void> {
    if (!parts.isTransactional) await sleep(process.clock, durationMs)
  }

  function durationMs(attempt: Attempt): number {
    const draw = chance.at('duration', attempt.name)
    return chance.at('slow', attempt.name) < isSlow ? 2_000 + draw * 4_000 : 5 + draw * 40
  }

  function disturb(): void {
    for (const execution of running) execution.disturbed = true
  }

  async function serve(attempt: Attempt): Promise<{ status: number; body: string }> {
    const call = createCall({
      method: 'POST',
      url: '/effects',
      headers: toFields({ 'idempotency-key': attempt.key, 'x-account': attempt.account, 'content-type': 'text/plain' }),
      body: new TextEncoder().encode(attempt.payload),
    })
    const reply = await Promise.resolve(policy(call, (inner) => handle(inner, attempt))).catch(() => jsonReply(500, { code: 'thrown' }))
    const execution = executionOf.get(call)
    // A 503 leaves the outcome to the next attempt: this run is not over for those who judge takeovers.
    if (execution !== undefined && reply.status !== 503) running.delete(execution)
    await crashPoint('after-commit', attempt)
    const { body } = reply
    return { status: reply.status, body: body instanceof Uint8Array ? new TextDecoder().decode(body) : ((body as string | null) ?? '') }
  }

  return {
    process,
    disturb,
    receive: (attempt, reply) =>
      process.deliver(() => void serve(attempt).then(({ status, body }) => process.deliver(() => reply(status, body)))),
  }
}
