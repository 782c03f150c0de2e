import { storeUnavailable, transactionFact } from '../core/index.ts'
import type { Call, Cancel, Next, Reply } from '../core/index.ts'
import { replied } from './attempt.ts'
import type { Attempt } from './attempt.ts'
import { conclude } from './conclude.ts'
import type { Conclusion } from './conclude.ts'
import { ExecutionContext } from './context.ts'
import type { Flight } from './in-flight.ts'
import type { KeyedCall } from './keyed-call.ts'
import { decideDisposition, isRetryable } from './outcome.ts'
import type { Claim } from './record.ts'
import type { Settings } from './settings.ts'
import type { TransactionContext, TransactionEnd, TransactionVerdict } from './store.ts'

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
    if (isRetryable(call) && passed.status >= 500) return { commit: undefined }
    if (decideDisposition(passed.status, settings.guarantee, settings.statuses) === 'release') return { commit: undefined }
    conclusion = await conclude(settings, keyed, passed)
    return { commit: conclusion.sealed, retentionMs: settings.retentionMs }
  })
  switch (verdict.kind) {
    case 'committed': {
      const { reply, answer } = conclusion as Conclusion
      return replied(reply, { kind: 'answered', answer, fingerprint: claim.fingerprint })
    }
    case 'rolled-back':
      return replied(passed as Reply)
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
    return reply.status >= 500 ? { commit: undefined } : { commit: new Uint8Array(0), retentionMs: settings.retentionMs }
  })
  return reply as Reply
}

/**
 * Bounds what a transaction waits for the store: for its beginning and for its commit, but not for the handler between them.
 * A transaction that begins after its caller was turned away does not run.
 */
function transact(settings: Settings, claim: Claim | undefined, body: (context: TransactionContext) => Promise<TransactionEnd>): Promise<TransactionVerdict> {
  const { store, clock, storeTimeoutMs } = settings
  return new Promise((resolve, reject) => {
    let gaveUp = false
    const giveUpLater = (doing: string): Cancel =>
      clock.after(storeTimeoutMs, () => {
        gaveUp = true
        reject(storeUnavailable(`the ${store.name} store did not ${doing} within ${storeTimeoutMs} ms`))
      })
    let cancel = giveUpLater('begin a transaction')
    const work = store.transact?.(claim, async (context) => {
      if (gaveUp) return { commit: undefined }
      cancel()
      const end = await body(context)
      cancel = giveUpLater('commit')
      return end
    })
    work?.then(resolve, reject).finally(() => cancel())
  })
}
