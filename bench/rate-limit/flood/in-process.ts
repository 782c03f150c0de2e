import { createCall, createReply } from 'holdfast'
import type { Call, Policy } from 'holdfast'
import { memory } from 'holdfast/memory'
import { rateLimit } from 'holdfast/rate-limit'

/** How late others were, in milliseconds, and how many calls were refused meanwhile. */
export interface Lateness {
  readonly ms: readonly number[]
  readonly refusedPerSecond: number
}

const othersEveryMs = 3

/**
 * The policy alone, in this process: one account is refused so many times a second, and others call at random times. Their lateness counts
 * from when their timers were due, so it holds what they wait for the event loop.
 */
export async function floodPolicy(refusalsPerSecond: number, seconds: number): Promise<Lateness> {
  const policy = rateLimit({
    store: memory().limits,
    account: (head) => head.headers.get('x-account') ?? undefined,
    limits: [{ name: 'per-hour', limit: 1_000, windowSeconds: 3_600, burst: 1_000 }],
  })
  while ((await ask(policy, 'attacker')) === 200);
  const startedAt = performance.now()
  const endsAt = startedAt + seconds * 1_000
  let refused = 0
  const attack = (): void => {
    const now = performance.now()
    if (now >= endsAt) return
    const due = Math.min(((now - startedAt) * refusalsPerSecond) / 1_000, refused + refusalsPerSecond / 100)
    for (; refused < due; refused++) void ask(policy, 'attacker')
    setTimeout(attack, 1)
  }
  if (refusalsPerSecond > 0) attack()
  const ms: number[] = []
  while (performance.now() < endsAt) {
    const dueAt = performance.now() + 1 + Math.random() * othersEveryMs * 2
    await new Promise<void>((resolve) => setTimeout(resolve, dueAt - performance.now()))
    if ((await ask(policy, `account-${ms.length % 100}`)) !== 200) throw new Error('another account than the attacker was refused')
    ms.push(Math.max(0, performance.now() - dueAt))
  }
  return { ms, refusedPerSecond: refused / seconds }
}

async function ask(policy: Policy, account: string): Promise<number> {
  const { status } = await policy(callFrom(account), () => createReply(200))
  return status
}

function callFrom(account: string): Call {
  const headers = { get: (name: string) => (name === 'x-account' ? account : null), has: (name: string) => name === 'x-account' }
  return createCall({ method: 'GET', url: '/thing', headers })
}
