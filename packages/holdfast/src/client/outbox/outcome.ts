/** What is known of an answer. */
export interface SendAnswer {
  readonly status: number
  /** `code` of its problem. */
  readonly code: string | undefined
  /** The server says that a repeat would get the same answer. */
  readonly isFinal: boolean
}

/** What an answer means for an entry. */
export type SendVerdict = 'done' | 'dead' | 'unknown' | 'pending'

/** Decides what an answer means. Only a definitive outcome ends an entry; everything else is sent again, under the same key. */
export function decideSend({ status, code, isFinal }: SendAnswer): SendVerdict {
  if (status >= 200 && status < 300) return 'done'
  switch (status) {
    // See Other: it was carried out, and what came of it is elsewhere.
    case 303:
      return 'done'
    // Credentials may be renewed; that says nothing about the request.
    case 401:
    case 407:
    case 408:
    case 425:
    case 429:
      return 'pending'
    case 409:
      if (code === 'in-progress') return 'pending'
      if (code === 'outcome-unknown') return 'unknown'
      // It was carried out; only its answer was too long to keep.
      return code === 'not-replayable' ? 'done' : 'dead'
    case 412:
      return code === 'key-expired' ? 'unknown' : 'dead'
    case 501:
    case 505:
      return 'dead'
    default:
      if (status < 500) return 'dead'
      // A failure that is recorded under the key may have come after the effect.
      return isFinal ? 'unknown' : 'pending'
  }
}
