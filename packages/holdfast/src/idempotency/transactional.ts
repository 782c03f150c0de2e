import { transactionFact, withBody } from '../core/index.ts'
import type { Call, Next, Reply } from '../core/index.ts'
import { replied } from './attempt.ts'
import type { Attempt } from './attempt.ts'
import { boundedTransaction } from './bounded-transaction.ts'
import { captureAnswer, conclude, unrecorded } from './conclude.ts'
import type { Conclusion } from './conclude.ts'
import { ExecutionContext } from './context.ts'
import type { Flight } from './in-flight.ts'
import type { KeyedCall } from './keyed-call.ts'
import { decideDisposition, isRetryable } from './outcome.ts'
import type { Claim } from './record.ts'
import type { Settings } from './settings.ts'
import type { IdempotencyStore, TransactionContext, TransactionEnd, TransactionVerdict } from './store.ts'

/**
 * Runs the handler in a transaction that also records its answer: `exactly-once`. A crash rolls both back, so a retry runs at
 * once; there is no lease, no zombie and no clock. The reply leaves only after the commit.
 */
export async function attemptTransaction(settings: Settings, keyed: KeyedCall, flight: Flight): Promise<Attempt> {
  const { call, next, name, claim } = keyed
  let passed: Reply | undefined
  let conclusion: Conclusion | undefined
  const verdict = await transact(settings, claim, async ({ transaction, attempt }) => {
    flight.confirm()
    call.facts.set(transactionFact, transaction)
    new ExecutionContext(settings, name, claim.id, claim.owner, attempt, undefined).attachTo(call)
    passed = await next(call)
    if (!isToCommit(settings, call, passed)) return { commit: undefined }
    conclusion = await conclude(settings, keyed, passed)
    return { commit: conclusion.sealed, retentionMs: keyed.retentionMs, undoEffects: isRefusal(passed) }
  })
  switch (verdict.kind) {
    case 'committed': {
      const { reply, answer } = conclusion as Conclusion
      return replied(reply, { kind: 'answered', answer, fingerprint: claim.fingerprint })
    }
    case 'rolled-back':
      return replied(unrecorded(passed as Reply))
    default:
      return verdict
  }
}

/** Runs a handler of an exactly-once route whose caller sent no key: in a transaction all the same, but nothing is recorded. */
export async function runUnkeyed(settings: Settings, call: Call, next: Next): Promise<Reply> {
  let reply: Reply | undefined
  await transact(settings, undefined, async ({ transaction }) => {
    call.facts.set(transactionFact, transaction)
    reply = await next(call)
    if (isRefusal(reply) || !isToCommit(settings, call, reply)) return { commit: undefined }
    // The handler may still write to the database while it writes its answer.
    reply = withBody(reply, (await captureAnswer(settings, reply)).body)
    return { commit: new Uint8Array(0), retentionMs: settings.retentionMs }
  })
  return reply as Reply
}

/** A refusal has no effects. It may be an exception that the framework answered, half way through the handler. */
function isRefusal({ status }: Reply): boolean {
  return status >= 400
}

function isToCommit({ guarantee, statuses }: Settings, call: Call, { status }: Reply): boolean {
  return !(status >= 500 && isRetryable(call)) && decideDisposition(status, guarantee, statuses) === 'record'
}

function transact(
  settings: Settings,
  claim: Claim | undefined,
  body: (context: TransactionContext) => Promise<TransactionEnd>,
): Promise<TransactionVerdict> {
  const store = settings.store as Required<IdempotencyStore>
  return boundedTransaction(settings, (bounded) => store.transact(claim, bounded), body)
}
