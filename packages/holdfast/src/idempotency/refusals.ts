import type { Reply } from '../core/index.ts'
import type { Taken } from './attempt.ts'
import type { Settings } from './settings.ts'

/** Refuses a call whose key cannot be used for it. */
export function refuseTaken({ problem }: Settings, taken: Exclude<Taken, { kind: 'done' | 'running' | 'unknown' }>): Reply {
  switch (taken.kind) {
    case 'mismatch':
      return problem('key-reused', {
        detail: 'this key belongs to another call: method, path, query, content type, API version or body differ',
      })
    case 'expired':
      return problem('key-expired')
    case 'quota':
      return problem('too-many-keys', { retryAfterMs: 60_000 })
  }
}

/** Refuses a repeat while the first call runs. It is told to come back when the lease may be over, but not too often and not too late. */
export function refuseRunning({ problem }: Settings, leaseLeftMs: number, attempt?: number): Reply {
  const retryAfterMs = Math.min(Math.max(leaseLeftMs, 1_000), 5_000)
  return problem('in-progress', { retryAfterMs, members: { state: 'running', ...(attempt !== undefined && { attempt }) } })
}

/** Refuses a repeat of a call whose runner vanished, and whose outcome nobody knows. */
export function refuseUnknown({ problem }: Settings, attempt: number): Reply {
  return problem('outcome-unknown', { members: { state: 'unknown', attempt } })
}

/** Refuses a call that would start while the process ends. */
export function refuseDraining({ problem }: Settings): Reply {
  return problem('shutting-down', { retryAfterMs: 1_000 })
}
