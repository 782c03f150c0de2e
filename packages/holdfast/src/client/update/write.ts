import { classifyFailure } from '../../retry/classify-failure.ts'
import { after, hintOf } from '../ask.ts'
import { meta } from '../meta.ts'
import { sendUntilFinal } from '../resend.ts'
import type { Again, Sent } from '../resend.ts'
import { isOutcomeUnknown } from '../outcome-unknown.ts'
import { objectIn } from '../object-in.ts'
import { refusal } from '../refused.ts'
import { decideWrite } from './decide.ts'
import type { WriteVerdict } from './decide.ts'
import { GoneError, UpdateOutcomeUnknown, isDeadline } from './errors.ts'
import { parseJson, writeJson } from './json.ts'
import type { ParsedJson } from './json.ts'
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
  const { from, intended, key } = change
  const bare = { url: resource.url, headers: { ...settings.headers, ...fields(method, key) }, body: change.body }
  const { url, headers, body } = from.version === undefined ? bare : versioning.guard(bare, from.version)
  const init = { method, headers, body: writeJson(body, from.lossy) }
  const resend = (): Promise<Response> => resource.fetch(url, init)
  const unknown = (cause: unknown): UpdateOutcomeUnknown =>
    new UpdateOutcomeUnknown({ method, url, key, base: from.value, intended, cause, resend })
  let maybeSent = false
  let verdict = 'unanswered' as WriteVerdict

  function judge(sent: Sent): Again | undefined {
    if ('error' in sent) {
      const again = after(classifyFailure(sent.error))
      // What our own `fetch` gave up on may have been processed at any of its attempts.
      maybeSent ||= again?.because === 'maybe' || isOutcomeUnknown(sent.error)
      return again
    }
    const { status, text, response } = sent.answer
    const code = codeOf(objectIn(status < 400 ? '' : text))
    const keepsKeys = response.headers.has('idempotent-replayed') || response.headers.has('idempotency-should-retry')
    // What our own `fetch` sent more than once may have arrived the first time.
    maybeSent ||= meta(response).attempts > 1
    verdict = decideWrite({ status, code, keepsKeys }, maybeSent)
    maybeSent ||= verdict === 'unanswered'
    const kind = verdict === 'unanswered' ? 'maybe' : verdict !== 'postponed' ? 'final' : code === 'in-progress' ? code : 'refused'
    return after(kind, hintOf(response.headers, clock.now()))
  }

  const sent = await sendUntilFinal(url, settings, () => timed(resource, url, init), judge).catch((error: unknown) => {
    throw isDeadline(error) ? unknown(error) : error
  })
  if ('error' in sent) throw maybeSent ? unknown(sent.error) : sent.error
  const { answer } = sent
  const { status } = answer
  const parsed = parsedOf(answer.text)
  const versionIn = (value: Json): string | undefined => versioning.read(answer.headers, value)
  if (verdict === 'written') {
    const value = status < 300 && parsed !== undefined ? parsed.value : intended
    return { kind: 'written', value, version: versionIn(value), replayed: answer.headers.get('idempotent-replayed') === 'true' }
  }
  if (verdict === 'conflict' || verdict === 'doubtful')
    return { kind: 'moved', doubtful: verdict === 'doubtful', current: currentIn(parsed, versionIn) }
  if (verdict === 'gone') throw new GoneError(url, status)
  const refused = refusal(method, url, answer)
  throw verdict === 'refused' || (verdict === 'postponed' && !maybeSent) ? refused : unknown(refused)
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
function parsedOf(text: string): ParsedJson | undefined {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

function currentIn(parsed: ParsedJson | undefined, read: (value: Json) => string | undefined): Snapshot | undefined {
  const current = (parsed?.value as { current?: Json } | null | undefined)?.current
  const version = current === undefined ? undefined : read(current)
  return parsed === undefined || current === undefined || version === undefined ? undefined : { ...parsed, value: current, version }
}
