import type { IdempotencyStore } from '../../src/idempotency/index.ts'
import type { Chance } from './chance.ts'
import type { Process } from './process.ts'
import type { VirtualTime } from './time.ts'

/** The way between a process and a store on another machine. */
export interface StoreLink {
  readonly time: VirtualTime
  readonly chance: Chance
  readonly process: Process
  /** Whether the store is away just now. */
  isAway(): boolean
  /** Told of every request or reply that was lost, with the operation's name. */
  onLoss(operation: string): void
}

const lostRequest = 0.01
const lostReply = 0.01

/** A store behind a network: operations take time, requests and replies get lost, and nothing comes back to a dead process. */
export function reachOverNetwork(store: IdempotencyStore, { time, chance, process, isAway, onLoss }: StoreLink): IdempotencyStore {
  let sent = 0
  const over =
    <Arguments extends unknown[], Result>(name: string, operation: (...given: Arguments) => Promise<Result>) =>
    (...given: Arguments): Promise<Result> =>
      new Promise((resolve, reject) => {
        if (!process.isAlive) return
        const index = sent++
        const fate = chance.at('fate', index)
        const latency = 1 + chance.at('latency', index) * 4
        if (isAway() || fate < lostRequest) return onLoss(name)
        time.after(latency, () => {
          const result = operation(...given)
          if (isAway() || fate < lostRequest + lostReply) return onLoss(name)
          time.after(latency, () => process.deliver(() => void result.then(resolve, reject)))
        })
      })
  return {
    name: store.name,
    guarantees: store.guarantees,
    // Away from the process, hence sealed, and waited for with a limit.
    durable: true,
    claim: over('claim', (claim) => store.claim(claim)),
    complete: over('complete', (completion) => store.complete(completion)),
    release: over('release', (id, owner, retentionMs) => store.release(id, owner, retentionMs)),
    abandon: over('abandon', (id, owner, retentionMs) => store.abandon(id, owner, retentionMs)),
    heartbeat: over('heartbeat', (id, owner, leaseMs) => store.heartbeat(id, owner, leaseMs)),
    resolve: over('resolve', (resolution) => store.resolve(resolution)),
    lookup: over('lookup', (id) => store.lookup(id)),
    collect: over('collect', (limit) => store.collect(limit)),
    doctor: () => store.doctor(),
  }
}
