import { orderHeaders, reachedLine } from '../fixture/config.ts'
import type { StopPoint } from '../fixture/config.ts'
import { send } from './client.ts'
import type { Answer, KeyedCall } from './client.ts'
import type { FixtureServer } from './site.ts'

/** Sends a call that is to stop at a point, and waits until it has. What it comes to is `answer`; nobody need look. */
export async function stopCall(server: FixtureServer, call: KeyedCall, point: StopPoint): Promise<{ readonly answer: Promise<Answer> }> {
  const answer = send(server.url, { ...call, headers: { ...call.headers, [orderHeaders.stopAt]: point } })
  answer.catch(() => undefined)
  const isAnswered = answer.then(({ status, body }) => Promise.reject(new Error(`${call.key} did not stop: ${status} ${body}`)))
  await Promise.race([server.says(new RegExp(`^${reachedLine(call.key, point)}$`, 'm')), isAnswered])
  isAnswered.catch(() => undefined)
  return { answer }
}
