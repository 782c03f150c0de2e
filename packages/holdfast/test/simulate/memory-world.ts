import type { Clock } from '../../src/core/index.ts'
import { idempotency } from '../../src/idempotency/index.ts'
import { memory } from '../../src/stores/memory/index.ts'
import type { Backend, BackendParts } from './world.ts'
import { reachOverNetwork } from './remote-store.ts'
import { createServer } from './server.ts'
import type { Effect } from './check.ts'

/** Processes that share a memory store over a network, and whose effects are taken at once and never back. */
export function memoryBackend({ time, chance, history, mutant, promised, isStoreAway, onFault }: BackendParts): Backend {
  const effects: Effect[] = []
  const remembered = new Map<string, string>()
  let judge: Clock | undefined
  const shared = memory({ clock: { now: () => (judge ?? time).now(), after: time.after } }).idempotency
  return {
    start(process, generation) {
      const own = chance.fork(process.name, generation)
      const world = { process, memory: remembered, judgeBy: (clock: Clock | undefined) => void (judge = clock) }
      const planted = mutant?.store?.(shared, world) ?? shared
      const store = reachOverNetwork(planted, {
        time,
        process,
        chance: own.fork('store'),
        isAway: isStoreAway,
        onLoss(operation) {
          onFault(`lost ${operation}`)
          if (operation === 'heartbeat' || operation === 'release') server.disturb()
        },
      })
      let owners = 0
      const policy = idempotency({
        store,
        guarantee: promised,
        account: (head) => head.headers.get('x-account') ?? undefined,
        secret: 'the secret of the simulation',
        leaseMs: 2_000,
        joinTimeoutMs: 1_000,
        storeTimeoutMs: 200,
        clock: process.clock,
        random: () => own.at('random', owners++),
        newOwner: () => `${process.name}.${generation}.${owners++}`,
        ...mutant?.options,
      })
      const server = createServer({
        process,
        policy,
        time,
        chance,
        history,
        onFault,
        onDeath: () => {},
        isTransactional: false,
        takeEffect: (effect) => void effects.push(effect),
      })
      return server
    },
    crash: () => {},
    effects: () => Promise.resolve(effects),
    close: () => Promise.resolve(),
  }
}
