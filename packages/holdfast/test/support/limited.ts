import { accountFact, createCall, createReply, routeFact, toFields } from '../../src/core/index.ts'
import type { Call, Reply } from '../../src/core/index.ts'
import { rateLimit } from '../../src/rate-limit/index.ts'
import type { LimitDeclaration, RateLimitOptions } from '../../src/rate-limit/index.ts'
import { memory } from '../../src/stores/memory/index.ts'
import { fakeClock, seededRandom } from '../../src/testing/index.ts'
import type { FakeClock } from '../../src/testing/index.ts'

/** One request to a limited handler. */
export interface Ask {
  readonly account?: string | undefined
  readonly route?: string
  readonly method?: string
  readonly url?: string
  readonly peer?: string
  readonly headers?: Readonly<Record<string, string>>
  /** What the handler does; answers 200 by default. */
  readonly handler?: (call: Call) => Reply | Promise<Reply>
}

/** A handler behind limits, in virtual time. */
export interface Limited {
  readonly clock: FakeClock
  ask(ask?: Ask): Promise<Reply>
  /** The statuses of some requests, one after the other. */
  statuses(times: number, ask?: Ask): Promise<number[]>
  /** How many of some requests reach the handler. */
  admitted(times: number, ask?: Ask): Promise<number>
}

/** Puts limits round a handler. Calls are of the account `ada`, unless they say otherwise. */
export function limited(limits: readonly LimitDeclaration[], options: Partial<RateLimitOptions> = {}): Limited {
  const clock = fakeClock()
  const policy = rateLimit({ store: memory({ clock }).limits, clock, random: seededRandom(1), ...options, limits })

  async function ask({ account = 'ada', route, method = 'GET', url = '/', peer, headers = {}, handler }: Ask = {}): Promise<Reply> {
    const call = createCall({ method, url, headers: toFields(headers), peer })
    if (account !== '') call.facts.set(accountFact, account)
    if (route !== undefined) call.facts.set(routeFact, route)
    return policy(call, handler ?? (() => createReply(200)))
  }

  async function statuses(times: number, asked?: Ask): Promise<number[]> {
    const seen: number[] = []
    for (let time = 0; time < times; time++) seen.push((await ask(asked)).status)
    return seen
  }

  return { clock, ask, statuses, admitted: async (times, asked) => (await statuses(times, asked)).filter((status) => status < 400).length }
}

/** The members of a problem reply. */
export function problemOf({ body }: Reply): Record<string, unknown> {
  return JSON.parse(body as string) as Record<string, unknown>
}
