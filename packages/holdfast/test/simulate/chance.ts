/** Chance from a seed. Decisions are a hash of what they are about, not a shared stream: one more draw moves no other decision. */
export interface Chance {
  /** A number in [0, 1) that belongs to these labels. */
  at(...labels: readonly (string | number)[]): number
  /** A chance of its own for one part of the simulation. */
  fork(...labels: readonly (string | number)[]): Chance
}

/** Makes the chance of one seed. */
export function createChance(seed: number): Chance {
  const base = mix(seed >>> 0)
  return {
    at: (...labels) => mix(absorb(base, labels)) / 2 ** 32,
    fork: (...labels) => createChance(absorb(base, labels)),
  }
}

function absorb(state: number, labels: readonly (string | number)[]): number {
  let hash = state
  for (const label of labels) {
    if (typeof label === 'number') hash = Math.imul(hash ^ label, 0x01000193)
    else for (let index = 0; index < label.length; index++) hash = Math.imul(hash ^ label.charCodeAt(index), 0x01000193)
    hash = mix(hash)
  }
  return hash >>> 0
}

/** The finaliser of MurmurHash3: every bit of the input reaches every bit of the output. */
function mix(value: number): number {
  let hash = value ^ (value >>> 16)
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
