import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** One call, seen from its caller. */
export interface Call {
  readonly caller: string
  /** Milliseconds since the load began. */
  readonly sentAt: number
  readonly latencyMs: number
  /** 0: no answer. */
  readonly status: number
}

/** Who calls how often. */
export interface Caller {
  readonly name: string
  readonly perSecond: number
}

/** A caller gives up after this; what is answered later was in vain. */
export const patienceMs = 2_000

/**
 * Calls at random times, whether or not earlier calls were answered: callers do not slow down because a server does.
 */
export async function offer(port: number, callers: readonly Caller[], seconds: number): Promise<Call[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 4_096 })
  const startedAt = performance.now()
  const calls: Promise<Call>[] = []
  await Promise.all(
    callers.map(async ({ name, perSecond }) => {
      const gap = (): number => (-Math.log(1 - Math.random()) * 1_000) / perSecond
      for (let at = gap(); at < seconds * 1_000; at += gap()) {
        const early = at - (performance.now() - startedAt)
        if (early > 1) await sleep(early)
        calls.push(send(agent, port, name, startedAt))
      }
    }),
  )
  const all = await Promise.all(calls)
  agent.destroy()
  return all
}

function send(agent: Agent, port: number, caller: string, startedAt: number): Promise<Call> {
  const sentAt = performance.now() - startedAt
  return new Promise((resolve) => {
    const end = (status: number): void => resolve({ caller, sentAt, latencyMs: performance.now() - startedAt - sentAt, status })
    const sent = request({ agent, host: '127.0.0.1', port, headers: { authorization: caller }, timeout: patienceMs }, (response) => {
      response.resume()
      response.once('end', () => end(response.statusCode ?? 0))
      response.once('error', () => end(0))
    })
    sent.once('timeout', () => sent.destroy(new Error('out of patience')))
    sent.once('error', () => end(0))
    sent.end()
  })
}
