/** Estimates how many different user agents each address had, in eight bytes an address. */
export interface AgentCounter {
  add(id: number, agent: string): void
  /** Those with so many that they are most likely proxies. */
  many(): readonly number[]
}

/** An office or a household has a handful of browsers. 20 distinct agents set about 17 of 64 bits. */
const bitsOfProxy = 17

export function agentCounter(most: number): AgentCounter {
  // Linear counting (Whang, 1990): each agent sets one of 64 bits.
  let bits = new Uint32Array(2048)
  return {
    add(id, agent) {
      while (id * 2 + 1 >= bits.length) {
        const larger = new Uint32Array(Math.min(bits.length * 2, most * 2 + 2))
        larger.set(bits)
        bits = larger
      }
      const bit = bitOf(agent)
      const at = id * 2 + (bit >> 5)
      bits[at] = (bits[at] as number) | (1 << (bit & 31))
    },
    many() {
      const found: number[] = []
      for (let id = 0; id * 2 < bits.length; id++) {
        if (ones(bits[id * 2] as number) + ones(bits[id * 2 + 1] as number) >= bitsOfProxy) found.push(id)
      }
      return found
    },
  }
}

function bitOf(text: string): number {
  let hash = 0x811c9dc5
  const length = Math.min(text.length, 200)
  for (let at = 0; at < length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return (hash ^ (hash >>> 15)) & 63
}

function ones(bits: number): number {
  let count = 0
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++
  return count
}
