import { classifyReply } from '../../retry/classify-reply.ts'

/** What is known of an answer to a write. */
export interface WriteAnswer {
  readonly status: number
  /** `code` or `reason` of the body, where it has one. */
  readonly code: string | undefined
  /** The server said of this answer whether it is a replay, so it keeps keys. */
  readonly keepsKeys: boolean
}

/** What an answer to a write means. */
export type WriteVerdict =
  | 'written'
  /** Another write came first; ours had no effect. */
  | 'conflict'
  /** The version moved on, and it may have been this very write that moved it: an earlier send of it went unanswered. */
  | 'doubtful'
  /** The same request, with the same key, may be sent again: nothing is known yet. */
  | 'unanswered'
  /** The same request, with the same key, may be sent again: it was not carried out. */
  | 'postponed'
  | 'unknown'
  | 'gone'
  | 'refused'

/** Words by which servers call a conflict of versions: Kubernetes `Conflict`, Elasticsearch `version_conflict_engine_exception`, our own. */
const versionConflict = /^conflict$|version.?conflict|edit.?conflict|concurren|precondition|stale|resource.?version/i

/**
 * Decides what an answer to a conditional write means.
 *
 * @param maybeSent whether an earlier send of the same write, under the same key, may have reached the server
 */
export function decideWrite({ status, code, keepsKeys }: WriteAnswer, maybeSent: boolean): WriteVerdict {
  if (status >= 200 && status < 300) return 'written'
  switch (status) {
    case 412:
      if (code === 'key-expired') return 'unknown'
      // Whatever stands between us and the server changes the tags we send: the next version would fare no better.
      return code === 'weak-etag' ? 'refused' : moved(maybeSent, keepsKeys)
    case 409:
      if (code === 'in-progress') return 'postponed'
      if (code === 'outcome-unknown') return 'unknown'
      // The write was carried out before; only its answer was too long to keep.
      if (code === 'not-replayable') return 'written'
      return code !== undefined && versionConflict.test(code) ? moved(maybeSent, keepsKeys) : 'refused'
    case 404:
    case 410:
      return 'gone'
    default: {
      const kind = classifyReply(status)
      // A status of a server's or a proxy's own does not say that nothing was carried out.
      return kind === 'maybe' || status > 505 ? 'unanswered' : kind === 'refused' ? 'postponed' : 'refused'
    }
  }
}

/** A server that keeps keys would have replayed the answer of a write that was carried out, before it looked at any version. */
function moved(maybeSent: boolean, keepsKeys: boolean): WriteVerdict {
  return maybeSent && !keepsKeys ? 'doubtful' : 'conflict'
}

/** The range of a full-jitter wait before the next version is tried, milliseconds. */
export interface Pace {
  /** Upper bound of the first wait is twice this. */
  readonly baseMs: number
  readonly capMs: number
}

/**
 * The upper bound of the wait after the n-th conflict: `min(cap, base * 2^n)`, n from 1. The base grows with the round trip: a
 * quarter of it, at least 5 ms, which is the ratio of the AWS simulation.
 */
export function conflictCeiling({ baseMs, capMs }: Pace, conflicts: number, roundTripMs: number): number {
  return Math.min(capMs, Math.max(baseMs, roundTripMs / 4) * 2 ** Math.min(conflicts, 30))
}
