import type { Clock } from '../core/clock.ts'
import type { Reply } from '../core/reply.ts'
import type { Advice } from './classify-reply.ts'
import { readText } from './read-text.ts'

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

async function problemOf(reply: Reply | Response, clock: Clock): Promise<string | undefined> {
  if (!reply.headers.get('content-type')?.includes('json')) return undefined
  // The reply stays as readable as it was; one that is not what a `fetch` gave is looked into where that is possible.
  const copy =
    'clone' in reply
      ? reply.clone()
      : new Response(reply.body instanceof ReadableStream ? null : (reply.body as ConstructorParameters<typeof Response>[0]))
  try {
    const { code, type } = JSON.parse(await readText(copy, longestProblem, clock, patienceMs)) as { code?: unknown; type?: unknown }
    return [code, type].find((one) => typeof one === 'string')?.replace(/^.*[/#]/, '')
  } catch {
    return undefined
  }
}
