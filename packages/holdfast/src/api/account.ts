import { accountFact } from '../core/index.ts'
import type { Policy, Problem, RequestHead } from '../core/index.ts'

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
    if (!(found instanceof Promise)) return refuse()
    return found.then((late) => {
      if (late === undefined || late === '') return refuse()
      call.facts.set(accountFact, late)
      return next(call)
    })
  }

  function refuse() {
    return problem('account-unknown', { headers: { 'www-authenticate': 'Bearer' } })
  }
}
