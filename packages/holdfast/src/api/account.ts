import { accountFact } from '../core/index.ts'
import type { Call, EarlyPolicy, Next, Problem, Reply, RequestHead } from '../core/index.ts'

/** Says which account a call belongs to; `undefined` refuses it. Must not change when a token is rotated. */
export type AccountResolver = (head: RequestHead) => string | undefined | Promise<string | undefined>

/** Finds the account of each call, and refuses calls without one. Everything after it is scoped by account. */
export function accountStep(resolve: AccountResolver, problem: Problem): EarlyPolicy {
  /** What was found for the call at hand: it is declined at once, or not at all. */
  let found: ReturnType<AccountResolver>

  function before(call: Call): Call | undefined {
    found = resolve(call)
    if (typeof found !== 'string' || found === '') return undefined
    call.facts.set(accountFact, found)
    return call
  }

  function declined(call: Call, next: Next): Promise<Reply> | Reply {
    return isThenable(found) ? settleLater(found, call, next) : refuse()
  }

  function account(call: Call, next: Next): Promise<Reply> | Reply {
    return before(call) === undefined ? declined(call, next) : next(call)
  }

  async function settleLater(promised: PromiseLike<string | undefined>, call: Call, next: Next): Promise<Reply> {
    const found = await promised
    if (typeof found !== 'string' || found === '') return refuse()
    call.facts.set(accountFact, found)
    return next(call)
  }

  function refuse(): Reply {
    return problem('account-unknown', { headers: { 'www-authenticate': 'Bearer' } })
  }

  return Object.assign(account, { before, declined })
}

/** Query builders hand out promises of their own kind. */
function isThenable(value: unknown): value is PromiseLike<string | undefined> {
  return typeof value === 'object' && value !== null && 'then' in value
}
