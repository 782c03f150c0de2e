import { captureBody, withBody, withHeaders } from '../core/index.ts'
import type { Body, Captured, Reply } from '../core/index.ts'
import { decodeAnswer, encodeAnswer, firstAnswerHeaders, keptHeaders, replayAnswer } from './answer.ts'
import type { Answer } from './answer.ts'
import { essenceOf } from './fingerprint.ts'
import type { KeyedCall } from './keyed-call.ts'
import type { KeyName } from './seal.ts'
import type { Settings } from './settings.ts'

/** An answer ready to be recorded, and the reply to send once it is. */
export interface Conclusion {
  readonly answer: Answer
  readonly sealed: Uint8Array
  readonly reply: Reply
}

/**
 * Turns a handler's reply into what is recorded. The body is read whole, up to the limit: every answer ever given for a key
 * must be the recorded one, so it is recorded before its first byte leaves. A longer one, or a stream without an end, is recorded without body.
 *
 * @throws HoldfastError `body-incomplete` when the handler's stream breaks off
 */
export async function conclude(settings: Settings, keyed: KeyedCall, reply: Reply): Promise<Conclusion> {
  const { body, bytes } = await captureAnswer(settings, reply)
  return concludeWith(settings, keyed.name, reply, body, bytes)
}

/** Reads the body of an answer, unless it says itself that it is too long or without an end. */
export function captureAnswer({ maxAnswerBytes }: Settings, reply: Reply): Promise<Captured> | Captured {
  return isTooLong(reply, maxAnswerBytes) ? { body: reply.body, bytes: undefined } : captureBody(reply.body, maxAnswerBytes)
}

/** As `conclude`, for a reply whose body is known, or known to be lost. */
export function concludeWith(settings: Settings, name: KeyName, reply: Reply, body: Body, bytes: Uint8Array | undefined): Conclusion {
  const answer: Answer = { status: reply.status, headers: keptHeaders(reply.headers), body: bytes, answeredAt: settings.clock.now() }
  return {
    answer,
    sealed: settings.sealer.seal(name, encodeAnswer(answer)),
    reply: withHeaders(body === reply.body ? reply : withBody(reply, body), firstAnswerHeaders(reply, reply.status >= 500)),
  }
}

/**
 * Marks an answer that is not recorded, as a refusal that had no effect: its caller may know that the key was looked up, and that no earlier send
 * under it took effect. A 412 without the mark could as well be about the caller's own write, whose answer was lost.
 */
export function unrecorded(reply: Reply): Reply {
  return withHeaders(reply, firstAnswerHeaders(reply, false))
}

function isTooLong(reply: Reply, limit: number): boolean {
  if (essenceOf(reply.headers.get('content-type')) === 'text/event-stream') return true
  return Number(reply.headers.get('content-length') ?? 0) > limit
}

/** Opens a recorded answer; `undefined` when this version cannot read it. */
export function openAnswer({ sealer }: Settings, name: KeyName, sealed: Uint8Array): Answer | undefined {
  try {
    return decodeAnswer(sealer.open(name, sealed))
  } catch {
    return undefined
  }
}

/** The reply to a repeat of a finished call. */
export function replay(settings: Settings, keyed: KeyedCall, answer: Answer | undefined): Promise<Reply> | Reply {
  if (answer?.body !== undefined) return replayAnswer({ ...answer, body: answer.body }, keyed.call.headers)
  const location = answer?.headers.find(([name]) => name === 'location')?.[1]
  return settings.problem('not-replayable', {
    members: { state: 'done', ...(answer && { originalStatus: answer.status }) },
    ...(location !== undefined && { headers: { location } }),
  })
}
