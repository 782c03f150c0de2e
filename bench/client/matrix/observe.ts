import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '../clients/client.ts'
import { startFaultyServer } from './faulty-server.ts'
import type { FaultyServer } from './faulty-server.ts'
import { streamed } from './scenarios.ts'
import type { Scenario } from './scenarios.ts'

/** What one client did in one scenario. */
export interface Observation {
  readonly attempts: number
  readonly effects: number
  readonly keys: 'none' | 'one a call' | 'changes' | 'not sent always'
  readonly ms: number
  readonly outcome: string
  readonly remarks: readonly string[]
}

const paths = { GET: '/v1/things', POST: '/v1/transfers', PUT: '/v1/documents' } as const
const patienceMs = 8_000
/** So long after the last call, late requests and sockets are looked for. */
const afterMs = 500

/** Sends the calls of a scenario through a client, to a server of their own. */
export async function observe(client: Client, scenario: Scenario, heedsKeys: boolean): Promise<Observation> {
  const server = await startFaultyServer(scenario.faultOf, heedsKeys)
  const send = client.open(server.origin)
  const { method, calls = 1, abortAfterMs } = scenario
  const controller = new AbortController()
  if (abortAfterMs !== undefined) setTimeout(() => controller.abort(new Error('aborted by the caller')), abortAfterMs)
  const call = (): Promise<string> => {
    const body = scenario.streams ? toStream(streamed) : method === 'POST' ? JSON.stringify({ amount: 1250 }) : undefined
    return outcomeOf(async () => {
      await send({
        method,
        url: server.origin + paths[method],
        ...(abortAfterMs !== undefined && { signal: controller.signal }),
        ...(body !== undefined && { body }),
      })
    })
  }
  const startedAt = performance.now()
  const outcomes = await Promise.race([
    scenario.atOnce ? Promise.all(Array.from({ length: calls }, call)) : inTurns(calls, call),
    sleep(scenario.patienceMs ?? patienceMs, undefined, { ref: false }),
  ])
  const endedAt = performance.now()
  await sleep(afterMs)
  const observation = {
    attempts: server.seen.length,
    effects: server.effects(),
    keys: keysOf(server, calls),
    ms: endedAt - startedAt,
    outcome:
      outcomes === undefined ? `hung for ${Math.round((scenario.patienceMs ?? patienceMs) / 1_000)} s` : [...new Set(outcomes)].join(', '),
    remarks: remarks(scenario, server, endedAt),
  }
  controller.abort()
  server.close()
  return observation
}

async function inTurns(calls: number, call: () => Promise<string>): Promise<string[]> {
  const outcomes: string[] = []
  for (let index = 0; index < calls; index++) outcomes.push(await call())
  return outcomes
}

async function outcomeOf(run: () => Promise<void>): Promise<string> {
  try {
    await run()
    return 'ok'
  } catch (error) {
    return describe(error as Failure)
  }
}

interface Failure {
  readonly name?: string
  readonly code?: string | number
  readonly status?: number
  readonly statusCode?: number
  readonly message?: string
  readonly response?: { readonly status?: number; readonly statusCode?: number }
}

/** An answer's status, or the most telling name that an error has; each client throws something else. */
function describe(error: Failure): string {
  const status = error.response?.status ?? error.response?.statusCode ?? error.status ?? error.statusCode
  // A call whose answer was cut may have thrown with a 200.
  if (status !== undefined && status >= 400) return String(status)
  return (typeof error.code === 'string' ? error.code : undefined) ?? (error.name === 'Error' ? error.message : error.name) ?? String(error)
}

function keysOf({ seen }: FaultyServer, calls: number): Observation['keys'] {
  const keys = new Set(seen.map(({ key }) => key))
  if (keys.size === 0 || (keys.size === 1 && keys.has(undefined))) return 'none'
  if (keys.has(undefined)) return 'not sent always'
  return keys.size <= calls ? 'one a call' : 'changes'
}

function remarks({ streams, calls, atOnce, abortAfterMs }: Scenario, { seen, sockets }: FaultyServer, endedAt: number): string[] {
  const found: string[] = []
  if (streams) found.push(`bodies of ${seen.map(({ body }) => body?.length).join(' and ')} bytes`)
  if (calls !== undefined && !atOnce) found.push(`${sockets.most} sockets at once`)
  const late = seen.filter(({ at }) => at > endedAt).length
  if (abortAfterMs !== undefined && late > 0) found.push(`${late} requests after the abort`)
  return found
}

function toStream(text: string): ReadableStream<Uint8Array> {
  return new Blob([text]).stream()
}
