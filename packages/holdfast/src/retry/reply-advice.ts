import { withTimeout } from '../core/clock.ts'
import type { Clock } from '../core/clock.ts'
import type { Reply } from '../core/reply.ts'
import type { Advice } from './classify-reply.ts'

/** A problem object is short; what is longer is not looked into. */
const longestProblem = 16_384

/** How long the rest of a problem object is waited for once its head is there. */
const patienceMs = 1_000

/** Reads what a failed answer says about a repeat: fields first, its problem object where the class depends on it. */
export async function readAdvice(reply: Reply, clock: Clock): Promise<Advice> {
  const { headers, status } = reply
  const said = headers.get('idempotency-should-retry') ?? headers.get('stripe-should-retry') ?? headers.get('x-should-retry')
  const shouldRetry = said === '?1' || said === 'true' ? true : said === '?0' || said === 'false' ? false : undefined
  const isRefusal = headers.get('holdfast-refused') === '?1'
  const isTold = status === 503 ? isRefusal : status !== 409
  const problem = isTold || shouldRetry === false ? undefined : await problemOf(reply, clock)
  return { shouldRetry, isRefusal, problem }
}

async function problemOf(reply: Reply, clock: Clock): Promise<string | undefined> {
  if (!reply.headers.get('content-type')?.includes('json')) return undefined
  if (Number(reply.headers.get('content-length') ?? 0) > longestProblem) return undefined
  try {
    const { code, type } = JSON.parse((await textOf(reply, clock)) ?? '{}') as { code?: unknown; type?: unknown }
    if (typeof code === 'string') return code
    return typeof type === 'string' ? type.slice(Math.max(type.lastIndexOf('/'), type.lastIndexOf('#')) + 1) : undefined
  } catch {
    return undefined
  }
}

/** The body as text, leaving the reply as readable as it was. */
async function textOf(reply: Reply | Response, clock: Clock): Promise<string | undefined> {
  if ('clone' in reply) return withTimeout(clock, patienceMs, reply.clone().text(), () => new Error('late'))
  const { body } = reply
  if (body === null || typeof body === 'string' || body instanceof ReadableStream) return typeof body === 'string' ? body : undefined
  return new TextDecoder().decode(body instanceof Uint8Array ? body : await body.capture(longestProblem))
}
