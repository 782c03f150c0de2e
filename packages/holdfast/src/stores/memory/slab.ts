/** What a slab has to know of the entries it holds. */
export interface Entries {
  /** Numbers an entry takes; the first holds its hash. */
  readonly stride: number
  /** How much of its capacity an entry has used; 0 is as good as no entry. */
  fullness(values: Float64Array, base: number, now: number): number
}

/** Entries in one array of numbers, found by a 64-bit hash of their key: two signed 32-bit words, the first not 0. */
export interface Slab {
  readonly size: number
  /** Changes whenever entries may have moved: bases found before are void then, and `values` may be another array. */
  readonly version: number
  /** All numbers; an entry's own begin at its base. */
  readonly values: Float64Array
  /** Where an entry begins, -1 when there is none. */
  find(high: number, low: number): number
  /** Whether `insert` would find room. */
  hasRoom(now: number): boolean
  /** Makes an entry of zeros; -1 when there is no room. */
  insert(high: number, low: number, now: number): number
  /** Deletes up to `limit` entries that are as good as none; returns how many. */
  collect(limit: number, now: number): number
}

/** Linear probing stays short up to here. */
const fullestLoad = 0.75
/** Less than doubling: an entry of four numbers never takes more than 60 bytes. */
const growth = 1.4
const smallest = 16
/** Entries looked at, at each insertion, for some to forget. Two would do to keep up with insertions. */
const sweptPerInsertion = 8
/** Entries looked at for one to evict: as many as it takes to find a candidate, and so many for a better one. */
const mostSampled = 32
const sampledForBest = 8
/** Little enough to evict at once. */
const littleUsed = 1 / 8
const twoToMinus32 = 2 ** -32

/**
 * Makes a slab that never holds more than `most` entries. Without room, it evicts an entry that is as good as none, else the least used of a
 * few, but never one that is used by more than half: a caller who has used up a limit cannot make the store forget it by inventing others.
 */
export function createSlab(entries: Entries, most: number): Slab {
  const { stride, fullness } = entries
  const words = stride * 2
  const largest = Math.ceil(most / fullestLoad) + 1
  let slots = Math.min(smallest, largest)
  let values = new Float64Array(slots * stride)
  let hashes = new Int32Array(values.buffer)
  let size = 0
  let version = 0
  let hand = 0
  let victim = -1
  let victimFoundAt = -1

  const home = (high: number): number => Math.floor((high >>> 0) * slots * twoToMinus32)

  function find(high: number, low: number): number {
    let slot = home(high)
    for (;;) {
      const at = slot * words
      const seen = hashes[at]
      if (seen === high && hashes[at + 1] === low) return slot * stride
      if (seen === 0) return -1
      slot = slot + 1 === slots ? 0 : slot + 1
    }
  }

  function place(high: number, low: number): number {
    let slot = home(high)
    while (hashes[slot * words] !== 0) slot = slot + 1 === slots ? 0 : slot + 1
    hashes[slot * words] = high
    hashes[slot * words + 1] = low
    return slot * stride
  }

  /** Empties a slot, and moves what was pushed on by it back, so that no search ends too early. */
  function remove(slot: number): void {
    let hole = slot
    let next = slot
    for (;;) {
      next = next + 1 === slots ? 0 : next + 1
      const high = hashes[next * words] as number
      if (high === 0) break
      const wanted = home(high)
      const staysReachable = hole <= next ? hole < wanted && wanted <= next : hole < wanted || wanted <= next
      if (staysReachable) continue
      move(next, hole)
      hole = next
    }
    for (let index = 0; index < stride; index++) values[hole * stride + index] = 0
    size -= 1
    version += 1
  }

  /** The hash goes by words: as a number it may be none, which need not keep its bits. */
  function move(from: number, to: number): void {
    hashes[to * words] = hashes[from * words] as number
    hashes[to * words + 1] = hashes[from * words + 1] as number
    for (let index = 1; index < stride; index++) values[to * stride + index] = values[from * stride + index] as number
  }

  function grow(): void {
    const before = values
    const seen = hashes
    const count = slots
    slots = Math.min(largest, Math.ceil(slots * growth))
    values = new Float64Array(slots * stride)
    hashes = new Int32Array(values.buffer)
    for (let slot = 0; slot < count; slot++) {
      const high = seen[slot * words] as number
      if (high === 0) continue
      const base = place(high, seen[slot * words + 1] as number)
      for (let index = 1; index < stride; index++) values[base + index] = before[slot * stride + index] as number
    }
    hand = 0
    version += 1
  }

  function sweep(steps: number, now: number, limit = steps): number {
    let removed = 0
    for (let step = 0; step < steps && removed < limit; step++) {
      // Another entry may have moved into a slot that became empty: the hand stays.
      if (hashes[hand * words] !== 0 && fullness(values, hand * stride, now) === 0) {
        remove(hand)
        removed += 1
      } else hand = hand + 1 === slots ? 0 : hand + 1
    }
    return removed
  }

  /** Looks for a slot to evict; -1 when all that were looked at are used by more than half, and then the next look is at others. */
  function findVictim(now: number): number {
    if (victim >= 0 && victimFoundAt === version) return victim
    let least = 0.5
    let found = -1
    let slot = hand
    for (let seen = 0; seen < mostSampled && (found < 0 || seen < sampledForBest); seen++) {
      if (hashes[slot * words] !== 0) {
        const used = fullness(values, slot * stride, now)
        if (used <= least) {
          found = slot
          least = used
          if (used <= littleUsed) break
        }
      }
      slot = slot + 1 === slots ? 0 : slot + 1
    }
    hand = slot
    victim = found
    victimFoundAt = version
    return found
  }

  return {
    get size() {
      return size
    },
    get version() {
      return version
    },
    get values() {
      return values
    },
    find,
    hasRoom: (now) => size < most || findVictim(now) >= 0,
    insert(high, low, now) {
      if (size >= most) {
        const evicted = findVictim(now)
        if (evicted < 0) return -1
        remove(evicted)
      }
      sweep(sweptPerInsertion, now)
      if (size >= slots * fullestLoad && slots < largest) grow()
      size += 1
      version += 1
      return place(high, low)
    },
    collect: (limit, now) => sweep(slots, now, limit),
  }
}
