import type { Chance } from './chance.ts'
import { planOperations, startCaller } from './callers.ts'
import { checkWorld } from './check.ts'
import type { Effect, Promised, Violation } from './check.ts'
import { createHistory } from './history.ts'
import type { History } from './history.ts'
import type { Mutant } from './mutants.ts'
import { startProcess } from './process.ts'
import type { Process } from './process.ts'
import type { Server } from './server.ts'
import { createVirtualTime } from './time.ts'
import type { VirtualTime } from './time.ts'

/** A store with processes round it. */
export interface Backend {
  start(process: Process, generation: number): Server
  /** Takes back what a process held when it died: locks, open transactions. */
  crash(process: Process): void
  /** What is really there, once nothing runs any more. */
  effects(): Promise<readonly Effect[]>
  close(): Promise<void>
}

/** What a backend is built from. */
export interface BackendParts {
  readonly time: VirtualTime
  readonly chance: Chance
  readonly history: History
  readonly mutant: Mutant | undefined
  readonly promised: Promised
  isStoreAway(): boolean
  onFault(kind: string): void
  /** Told when work in real time begins and ends. */
  onWork(change: 1 | -1): void
}

/** What one world came to. */
export interface WorldResult {
  readonly violations: readonly Violation[]
  readonly faults: number
  readonly digest: string
}

const processes = 3
const startOfTime = Date.UTC(2026, 0, 1)
const clockSkewsMs = [0, 3_600_000, -3_600_000]
// A planted bug may make real work wait for virtual time; that must not stop the simulation.
const longestTurns = 3_000
const longestMs = 120_000

/** Runs one world to its end: callers, network, processes that die and come back, a store that goes away; then checks what is left. */
export async function runWorld(
  operations: number,
  chance: Chance,
  promised: Promised,
  mutant: Mutant | undefined,
  createBackend: (parts: BackendParts) => Backend | Promise<Backend>,
): Promise<WorldResult> {
  let working = 0
  const time = createVirtualTime(startOfTime, (turn) => working > 0 && (mutant === undefined || turn < longestTurns))
  const history = createHistory()
  let faults = 0
  let storeAwayUntil = 0
  const onFault = (kind: string): void => {
    faults++
    history.note(time.now(), kind)
  }
  const backend = await createBackend({
    time,
    chance,
    history,
    mutant,
    promised,
    isStoreAway: () => time.now() < storeAwayUntil,
    onFault,
    onWork: (change) => void (working += change),
  })
  const servers: Server[] = []
  const boot = (index: number, generation: number): void => {
    servers[index] = backend.start(startProcess(`p${index}`, time, clockSkewsMs[index] ?? 0), generation)
  }
  for (let index = 0; index < processes; index++) boot(index, 0)
  torment(0)

  let left = operations
  const plan = planOperations(operations, chance)
  const route = (draw: number): Server | undefined => {
    const server = servers[Math.floor(draw * processes)]
    return server?.process.isAlive === true ? server : undefined
  }
  for (const operation of plan) startCaller(operation, { time, chance, history, route, onFault, onDone: () => void left-- })
  await time.run(() => time.now() > startOfTime + longestMs)
  const effects = await backend.effects()
  const violations = checkWorld(history, effects, promised)
  await backend.close()
  return { violations, faults, digest: history.digest() }

  /** The nemesis: every so often something happens to a process or to the store, for as long as there are calls. */
  function torment(round: number): void {
    if (round > 0 && left === 0) return
    const draw = chance.at('nemesis', round)
    const index = Math.floor(chance.at('victim', round) * processes)
    if (round > 0) strike(draw, index, round)
    revive(round)
    time.after(300 + chance.at('pause', round) * 1_200, () => torment(round + 1))
  }

  function strike(draw: number, index: number, round: number): void {
    const server = servers[index]
    if (server?.process.isAlive !== true) return
    if (draw < 0.3) {
      onFault(`kill ${server.process.name}`)
      server.disturb()
      server.process.kill()
      backend.crash(server.process)
    } else if (draw < 0.5) {
      onFault(`stop ${server.process.name}`)
      server.disturb()
      server.process.stop()
      time.after(500 + chance.at('stopped', round) * 5_000, () => server.process.resume())
    } else if (draw < 0.6) {
      onFault('store away')
      for (const each of servers) each.disturb()
      storeAwayUntil = time.now() + 200 + chance.at('away', round) * 2_500
    }
  }

  function revive(round: number): void {
    for (const [index, server] of servers.entries()) {
      if (server.process.isAlive) continue
      boot(index, round + 1)
    }
  }
}
