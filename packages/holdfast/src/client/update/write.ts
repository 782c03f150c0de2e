import { isHoldfastError } from '../../core/index.ts'
import { classifyFailure } from '../../retry/classify-failure.ts'
import { after, hintOf } from '../ask.ts'
import { meta } from '../meta.ts'
import { sendUntilFinal } from '../resend.ts'
import type { Again, Answer, Sent } from '../resend.ts'
import { isOutcomeUnknown } from '../outcome-unknown.ts'
import { parseProblem } from '../parse-problem.ts'
import { refusal } from '../refused.ts'
import { decideWrite } from './decide.ts'
import type { WriteVerdict } from './decide.ts'
import { GoneError, UpdateOutcomeUnknown } from './errors.ts'
import { parseJson, writeJson } from './json.ts'
import type { Json } from './merge-patch.ts'
import { timed } from './resource.ts'
import type { Resource, Snapshot } from './resource.ts'

/** A change of one version, and the key it is sent under. */
export interface Change {
  readonly from: Snapshot
  readonly intended: Json
  /** What is sent: a merge patch, or the whole value. */
  readonly body: Json
  readonly key: string
}

/** What a write came to. */
export type Written =
  | { readonly kind: 'written'; readonly value: Json; readonly version: string | undefined; readonly replayed: boolean }
  /** The version moved on; `doubtful` when it may have been this write that moved it. */
  | { readonly kind: 'moved'; readonly doubtful: boolean; readonly current: Snapshot | undefined }

/**
 * Writes one version under one key, and sends it again under that key while nothing is known of it.
 *
 * @throws UpdateOutcomeUnknown, GoneError, RefusedError, or what `fetch` rejected with when nothing was sent
 */
export async function writeChange(resource: Resource, change: Change): Promise<Written> {
  const { settings } = resource
  const { method, versioning, clock } = settings
  const bare = { url: resource.url, headers: { ...settings.headers, ...fields(method, change.key) }, body: change.body }
  const { url, headers, body } = change.from.version === undefined ? bare : versioning.guard(bare, change.from.version)
  const init = { method, headers, body: writeJson(body, change.from.lossy) }
  let maybeSent = false
  let verdict: WriteVerdict = 'unanswered'

  function judge(sent: Sent): Again | undefined {
    if ('error' in sent) {
      const again = after(classifyFailure(sent.error))
      // What our own `fetch` gave up on may have been processed at any of its attempts.
      maybeSent ||= again?.because === 'maybe' || isOutcomeUnknown(sent.error)
      return again
    }
    const { status, text } = sent.answer
    const code = codeOf(parseProblem(status < 400 ? '' : text))
    const keepsKeys = sent.answer.headers.has('idempotent-replayed') || sent.answer.headers.has('idempotency-should-retry')
    // What our own `fetch` sent more than once may have arrived the first time.
    maybeSent ||= meta(sent.answer.response).attempts > 1
    verdict = decideWrite({ status, code, keepsKeys }, maybeSent)
    const hintMs = hintOf(sent.answer.headers, clock.now())
    if (verdict === 'postponed') return { because: code === 'in-progress' ? 'in-progress' : 'refused', hintMs }
    if (verdict !== 'unanswered') return undefined
    maybeSent = true
    return { because: 'maybe', hintMs }
  }

  const unknown = (cause: unknown): UpdateOutcomeUnknown =>
    new UpdateOutcomeUnknown({
      method,
      url,
      key: change.key,
      base: change.from.value,
      intended: change.intended,
      cause,
      resend: () => resource.fetch(url, init),
    })
  let sent
  try {
    sent = await sendUntilFinal(url, settings, () => timed(resource, url, init), judge)
  } catch (error) {
    if (isHoldfastError(error) && error.code === 'deadline-exceeded') throw unknown(error)
    throw error
  }
  if ('error' in sent) throw maybeSent ? unknown(sent.error) : sent.error
  return conclude(resource, change, sent.answer, verdict, maybeSent, unknown)
}

function conclude(
  { url, settings }: Resource,
  change: Change,
  answer: Answer,
  verdict: WriteVerdict,
  maybeSent: boolean,
  unknown: (cause: unknown) => UpdateOutcomeUnknown,
): Written {
  const { status, headers, text } = answer
  switch (verdict) {
    case 'written': {
      const value = status < 300 && text !== '' ? valueOf(text, change.intended) : change.intended
      return {
        kind: 'written',
        value,
        version: settings.versioning.read(headers, value),
        replayed: headers.get('idempotent-replayed') === 'true',
      }
    }
    case 'conflict':
    case 'doubtful':
      return { kind: 'moved', doubtful: verdict === 'doubtful', current: currentIn(settings.versioning.read, headers, text) }
    case 'gone':
      throw new GoneError(url, status)
    case 'unguarded':
    case 'refused':
      throw refusal(settings.method, url, answer)
    case 'unknown':
    case 'unanswered':
    case 'postponed': {
      const refused = refusal(settings.method, url, answer)
      throw verdict === 'postponed' && !maybeSent ? refused : unknown(refused)
    }
  }
}

function fields(method: string, key: string): Readonly<Record<string, string>> {
  return {
    'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
    accept: 'application/json',
    // So that a conflict brings the current value along (RFC 7240 section 4.2).
    prefer: 'return=representation',
    'idempotency-key': `"${key}"`,
  }
}

/** `code` as we and most servers name it; `reason` of Kubernetes; `error.type` of Elasticsearch; the last part of a problem's type. */
function codeOf({ code, reason, error, type }: Readonly<Record<string, unknown>>): string | undefined {
  const nested = typeof error === 'object' && error !== null ? (error as { type?: unknown }).type : undefined
  return [code, reason, nested, type].find((one) => typeof one === 'string')?.replace(/^.*[/#:]/, '')
}

/** A body that is no JSON says nothing about the value. */
function valueOf(text: string, intended: Json): Json {
  try {
    return parseJson(text).value
  } catch {
    return intended
  }
}

function currentIn(read: Resource['settings']['versioning']['read'], headers: Headers, text: string): Snapshot | undefined {
  try {
    const { value, lossy } = parseJson(text)
    const current = (value as { current?: Json } | null)?.current
    const version = current === undefined ? undefined : read(headers, current)
    return current === undefined || version === undefined ? undefined : { value: current, lossy, version }
  } catch {
    return undefined
  }
}
