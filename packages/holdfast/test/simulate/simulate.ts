import { createHash } from 'node:crypto'
import { createChance } from './chance.ts'
import type { Promised, Violation } from './check.ts'
import { memoryBackend } from './memory-world.ts'
import type { Mutant } from './mutants.ts'
import { sqliteBackend } from './sqlite-world.ts'
import { runWorld } from './world.ts'
import type { Backend, BackendParts } from './world.ts'

/** What is simulated. */
export interface SimulationOptions {
  readonly seed: number
  readonly calls: number
  readonly mutant: Mutant | undefined
  /** Ends after the first world with a violation. @default false */
  readonly stopWhenRed?: boolean
  /** Told after every world how many calls are done. */
  readonly onProgress?: (calls: number) => void
}

/** A violation, and the world it happened in. */
export interface LocatedViolation extends Violation {
  readonly world: string
}

/** What a simulation came to. */
export interface SimulationResult {
  readonly calls: number
  readonly faults: number
  readonly violations: readonly LocatedViolation[]
  /** A hash over the histories of all worlds. */
  readonly history: string
}

interface Kind {
  readonly name: string
  readonly promised: Promised
  readonly backend: (parts: BackendParts) => Backend | Promise<Backend>
}

const kinds: readonly Kind[] = [
  { name: 'memory, at-most-once', promised: 'at-most-once', backend: memoryBackend },
  { name: 'memory, at-least-once', promised: 'at-least-once', backend: memoryBackend },
  { name: 'SQLite, exactly-once', promised: 'exactly-once', backend: sqliteBackend },
]

/** Calls of one world: small enough that a violation is easy to read, large enough that callers meet. */
const callsPerWorld = 250

/** Simulates calls in one small world after the other, each from a seed of its own. */
export async function simulate({ seed, calls, mutant, stopWhenRed = false, onProgress }: SimulationOptions): Promise<SimulationResult> {
  const chance = createChance(seed)
  const violations: LocatedViolation[] = []
  const history = createHash('sha256')
  let faults = 0
  for (let done = 0, index = 0; done < calls; index++) {
    const count = Math.min(callsPerWorld, calls - done)
    const kind = kinds[index % kinds.length] as Kind
    const result = await runWorld(count, chance.fork('world', index), kind.promised, mutant, kind.backend)
    faults += result.faults
    history.update(result.digest)
    for (const violation of result.violations) violations.push({ ...violation, world: `${index} (${kind.name})` })
    done += count
    onProgress?.(done)
    if (stopWhenRed && violations.length > 0) break
  }
  return { calls, faults, violations, history: history.digest('hex') }
}
