import { createFetch } from '../../src/client/index.ts'
import type { Fetch } from '../../src/client/index.ts'
import { createCall, createReply, stack, toFields } from '../../src/core/index.ts'
import { deadline, shedExpired } from '../../src/deadline/index.ts'
import { createBudget, unlimitedBudget } from '../../src/retry/budget.ts'
import type { RetryBudget } from '../../src/retry/budget.ts'
import { seededRandom } from '../../src/testing/index.ts'
import { createVirtualTime } from '../simulate/time.ts'
import type { VirtualTime } from '../simulate/time.ts'

/** What a storm is made of. */
export interface StormOptions {
  readonly seed: number
  /** Processes of ten calls a second each; the server can serve ten sevenths of what all of them ask for. @default 70 */
  readonly processes?: number
  /** Attempts after the first. @default 2 */
  readonly retries?: number
  /** `false`: every retry that the rules allow is made. @default true */
  readonly hasBudget?: boolean
  /** Whether the server heeds how long its callers still wait. @default false */
  readonly isAware?: boolean
  /** How long is simulated, seconds. @default 180 */
  readonly seconds?: number
}

/** What a storm came to. */
export interface Storm {
  readonly calls: number
  readonly failed: number
  /** The second after the outage from which on calls succeed as before; `undefined` when that did not happen. */
  readonly recoverySeconds: number | undefined
  readonly peakAttempts: number
}

const outage = { from: 20, until: 30 }
const perSecond = 10
const timeoutMs = 1_000
let storms = 0

/**
 * Processes call a server that takes one call after the other, and can do a fifth of its work for ten seconds. Who has waited a second for an
 * answer gives up; the server does not see that, and works for callers who have left.
 */
export async function storm(options: StormOptions): Promise<Storm> {
  const { seed, processes = 70, retries = 2, hasBudget = true, isAware = false, seconds = 180 } = options
  const startAt = Date.UTC(2026, 0, 1)
  const time = createVirtualTime(startAt, () => false)
  const random = seededRandom(seed)
  const second = (): number => Math.floor((time.now() - startAt) / 1_000)
  const attempts = Array.from({ length: seconds + 60 }, () => 0)
  const server = serve(time, (processes * perSecond * 10) / 7, second, isAware)
  const counting = (_input: string, init: RequestInit): Promise<Response> => {
    attempts[second()] = (attempts[second()] ?? 0) + 1
    return untilAborted(server(init), init.signal as AbortSignal)
  }
  const asked = Array.from({ length: seconds }, () => ({ calls: 0, failed: 0 }))
  let open = 0

  const run = ++storms
  for (let process = 0; process < processes; process++) {
    const budget: RetryBudget = hasBudget ? createBudget() : unlimitedBudget
    const fetch = createFetch({
      fetch: counting as Fetch,
      clock: time,
      random,
      retries,
      budget: () => budget,
      attemptTimeoutMs: timeoutMs,
      pace: false,
    })
    const url = `https://storm-${run}-${process}.example/`
    const call = async (): Promise<void> => {
      const [one, before] = [asked[second()], (open += 1)]
      if (one === undefined || before < 0) return
      one.calls += 1
      const isAnswered = await fetch(url).then(
        ({ ok }) => ok,
        () => false,
      )
      if (!isAnswered) one.failed += 1
      open -= 1
    }
    const next = (): void => {
      if (second() >= seconds) return
      void call()
      time.after((-Math.log(1 - random()) * 1_000) / perSecond, next)
    }
    time.after((random() * 1_000) / perSecond, next)
  }
  await time.run(() => second() >= seconds + 40)

  // The last seconds are not judged: what was asked in them may still be under way.
  const judged = asked.slice(0, seconds - 5)
  const lastBad = judged.findLastIndex(({ calls, failed }) => failed > calls / 100)
  const recoverySeconds = lastBad >= judged.length - 5 ? undefined : Math.max(0, lastBad + 1 - outage.until)
  return {
    calls: asked.reduce((sum, { calls }) => sum + calls, 0),
    failed: asked.reduce((sum, { failed }) => sum + failed, 0),
    recoverySeconds,
    peakAttempts: Math.max(...attempts),
  }
}

/** A server of one queue. Where it is aware, our policies look at each call as it comes in, and again before its work is begun. */
function serve(time: VirtualTime, capacity: number, second: () => number, isAware: boolean): (init: RequestInit) => Promise<Response> {
  const waiting: { readonly turn: () => void }[] = []
  let isBusy = false
  let first = 0
  const turn = (): void => {
    const next = waiting[first]
    if (next === undefined) {
      isBusy = false
      waiting.length = first = 0
      return
    }
    first += 1
    next.turn()
  }
  const queued = (): Promise<void> =>
    new Promise((resolve) => {
      waiting.push({ turn: resolve })
      if (!isBusy) {
        isBusy = true
        turn()
      }
    })
  const work = (): Promise<void> => {
    const isOut = second() >= outage.from && second() < outage.until
    return new Promise((resolve) => time.after(1_000 / (isOut ? capacity / 5 : capacity), resolve))
  }
  const handled = stack(shedExpired({ clock: time }))
  const policy = stack(deadline({ clock: time }), async (call, next) => {
    await queued()
    try {
      return await (isAware ? handled(call, next) : next(call))
    } finally {
      turn()
    }
  })
  return async (init) => {
    const call = createCall({ method: 'GET', url: '/', headers: toFields(init.headers as Record<string, string>) })
    const reply = await policy(call, async () => {
      await work()
      return createReply(204)
    })
    return new Response(null, { status: reply.status, headers: [...reply.headers] })
  }
}

/** Who gives up hears nothing more; the server goes on. */
function untilAborted<T>(answered: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    answered.then(resolve, reject)
  })
}
