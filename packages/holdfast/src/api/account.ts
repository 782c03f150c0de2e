import { accountFact } from '../core/index.ts'
import type { Call, Next, Policy, Problem, Reply, RequestHead } from '../core/index.ts'

/** Says which account a call belongs to; `undefined` refuses it. Must not change when a token is rotated. */
export type AccountResolver = (head: RequestHead) => string | undefined | Promise<string | undefined>

/** Finds the account of each call, and refuses calls without one. Everything after it is scoped by account. */
export function accountStep(resolve: AccountResolver, problem: Problem): Policy {
  return function account(call, next) {
    const found = resolve(call)
    if (typeof found === 'string' && found !== '') {
      call.facts.set(accountFact, found)
      return next(call)
    }
    return isThenable(found) ? settleLater(found, call, next) : refuse()
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
}

/** Query builders hand out promises of their own kind. */
function isThenable(value: unknown): value is PromiseLike<string | undefined> {
  return typeof value === 'object' && value !== null && 'then' in value
}
