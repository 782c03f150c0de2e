import type { LogLine } from '../formats/format.ts'
import { accountOf } from './account-of.ts'
import type { AccountSource } from './account-of.ts'
import { agentCounter } from './agents.ts'
import { displayName } from './display.ts'
import { createInterner } from './interner.ts'

/** An account of a log. */
export interface Account {
  readonly name: string
  readonly plan: number
  readonly source: AccountSource
  requests: number
}

/** All accounts of a log. Account number `i` is `list[i]`. */
export interface AccountTable {
  readonly list: readonly Account[]
  readonly plans: readonly string[]
  /** How many accounts have a number of their own. The rest of the list are shared by accounts that came when the table was full. */
  readonly exact: () => number
  /** Whether a number stands for several accounts, none of which sent most of its requests. */
  isMixed(number: number): boolean
  /** How many requests counted for a shared number. */
  readonly shared: () => number
  /** The number of the account that a line counts for. */
  add(line: LogLine): number
  /** Takes one request of an account back. */
  remove(number: number): void
  /** Addresses that many different user agents came from: proxies, behind which many clients share one account. */
  proxies(): readonly string[]
}

export interface AccountTableOptions {
  /** The field that the caller named, if any. */
  readonly isNamed: boolean
  /** Its first group names an account's plan. */
  readonly plan: RegExp | undefined
  /** How many accounts are told apart. */
  readonly maxAccounts: number
}

/** Accounts beyond the limit share this many numbers; the busiest of each names it. */
const sharedNumbers = 4096
const mostPlans = 64
const otherPlan = 'other'
const onePlan = 'default'

export function createAccountTable({ isNamed, plan, maxAccounts }: AccountTableOptions): AccountTable {
  const ids = createInterner(maxAccounts)
  const plans = createInterner(mostPlans)
  const list: Account[] = []
  const agents = agentCounter(maxAccounts)
  // Numbers of shared accounts are given out behind those of exact ones, so they exist from the moment the table is full.
  let votes: Int32Array | undefined
  let sharedRequests = 0

  function planOf(account: string): number {
    const name = plan === undefined ? onePlan : (plan.exec(account)?.[1] ?? otherPlan)
    return plans.idOf(name) ?? (plans.idOf(otherPlan) as number)
  }

  function share(account: string, source: AccountSource): number {
    votes ??= new Int32Array(sharedNumbers)
    sharedRequests++
    const slot = slotOf(account)
    const id = maxAccounts + slot
    // Boyer and Moore: whoever sent more than half of a slot's requests ends up as its name.
    const name = displayName(account, source)
    const vote = votes[slot] as number
    const current = list[id]
    if (current === undefined) list[id] = { name, plan: planOf(account), source, requests: 0 }
    else if (vote <= 0) list[id] = { ...current, name, source }
    votes[slot] = vote <= 0 ? 1 : vote + (current?.name === name ? 1 : -1)
    return id
  }

  // The plan for those without one must have room.
  if (plan !== undefined) plans.idOf(otherPlan)
  return {
    list,
    plans: plans.texts,
    exact: () => ids.texts.length,
    isMixed: (number) => number >= maxAccounts && 2 * (votes?.[number - maxAccounts] ?? 0) <= (list[number]?.requests ?? 0),
    shared: () => sharedRequests,
    add(line) {
      const [account, source] = accountOf(line, isNamed)
      const own = ids.idOf(account)
      if (own === list.length && votes === undefined)
        list.push({ name: displayName(account, source), plan: planOf(account), source, requests: 0 })
      const id = own ?? share(account, source)
      ;(list[id] as Account).requests++
      if (own !== undefined && source === 'address' && line.agent !== '') agents.add(own, line.agent)
      return id
    },
    remove(number) {
      ;(list[number] as Account).requests--
    },
    proxies: () => agents.many().map((id) => (list[id] as Account).name),
  }
}

function slotOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return (hash >>> 0) % sharedNumbers
}
