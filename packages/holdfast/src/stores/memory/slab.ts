/** What a slab has to know of the entries it holds. */
export interface Entries {
  /** Numbers an entry takes; the first holds its hash. */
  readonly stride: number
  /** How much of its capacity an entry has used; 0 is as good as no entry. */
  fullness(values: Float64Array, base: number, now: number): number
}

/** Linear probing stays short up to here. */
const fullestLoad = 0.75
/** Less than doubling: an entry of four numbers never takes more than 60 bytes. */
const growth = 1.4
const smallest = 16
/** Entries looked at, at each insertion, for some to forget. Two would do to keep up with insertions. */
const sweptPerInsertion = 8
/** Up to so many nothing is forgotten: buckets take 16 KiB, and a caller who is back soon need not be entered again. */
const fewEnough = 512
/** Entries looked at for one to evict: as many as it takes to find a candidate, and so many for a better one. */
const mostSampled = 32
const sampledForBest = 8
/** Little enough to evict at once. */
const littleUsed = 1 / 8
const twoToMinus32 = 2 ** -32

/**
 * Entries in one array of numbers, found by a 64-bit hash of their key: two signed 32-bit words, the first not 0.
 *
 * Never holds more than `most` entries. Without room, it evicts an entry that is as good as none, else the least used of a few, but never one
 * that is used by more than half: a caller who has used up a limit cannot make the store forget it by inventing others.
 *
 * A class, because V8 inlines methods that many tables share, and not closures that each has of its own.
 */
export class Slab {
  /** All numbers; an entry's own begin at its base. */
  values: Float64Array
  size = 0
  /** Changes whenever entries may have moved: bases found before are void then, and `values` may be another array. */
  version = 0
  readonly #entries: Entries
  readonly #stride: number
  readonly #most: number
  readonly #largest: number
  #slots: number
  #hashes: Int32Array
  #hand = 0
  #victim = -1
  #victimFoundAt = -1

  constructor(entries: Entries, most: number) {
    this.#entries = entries
    this.#stride = entries.stride
    this.#most = most
    this.#largest = Math.ceil(most / fullestLoad) + 1
    this.#slots = Math.min(smallest, this.#largest)
    this.values = new Float64Array(this.#slots * this.#stride)
    this.#hashes = new Int32Array(this.values.buffer)
  }

  /** Where an entry begins, -1 when there is none. */
  find(high: number, low: number): number {
    const hashes = this.#hashes
    const slots = this.#slots
    const words = this.#stride * 2
    let slot = home(high, slots)
    for (;;) {
      const at = slot * words
      const seen = hashes[at]
      if (seen === high && hashes[at + 1] === low) return slot * this.#stride
      if (seen === 0) return -1
      slot = slot + 1 === slots ? 0 : slot + 1
    }
  }

  /** Whether `insert` would find room. */
  hasRoom(now: number): boolean {
    return this.size < this.#most || this.#findVictim(now) >= 0
  }

  /** Makes an entry of zeros; -1 when there is no room. */
  insert(high: number, low: number, now: number): number {
    if (this.size >= this.#most) {
      const evicted = this.#findVictim(now)
      if (evicted < 0) return -1
      this.#remove(evicted)
    }
    if (this.size >= fewEnough) this.#sweep(sweptPerInsertion, sweptPerInsertion, now)
    if (this.size >= this.#slots * fullestLoad && this.#slots < this.#largest) this.#grow()
    this.size += 1
    this.version += 1
    return this.#place(high, low)
  }

  /** Deletes up to `limit` entries that are as good as none; returns how many. */
  collect(limit: number, now: number): number {
    // Once round: every slot is passed, and where an entry is deleted its slot is looked at again.
    return this.#sweep(this.#slots + this.size, limit, now)
  }

  #place(high: number, low: number): number {
    const hashes = this.#hashes
    const words = this.#stride * 2
    let slot = home(high, this.#slots)
    while (hashes[slot * words] !== 0) slot = this.#after(slot)
    hashes[slot * words] = high
    hashes[slot * words + 1] = low
    return slot * this.#stride
  }

  #after(slot: number): number {
    return slot + 1 === this.#slots ? 0 : slot + 1
  }

  /** Empties a slot, and moves what was pushed on by it back, so that no search ends too early. */
  #remove(slot: number): void {
    const words = this.#stride * 2
    let hole = slot
    for (let next = this.#after(slot); ; next = this.#after(next)) {
      const high = this.#hashes[next * words] as number
      if (high === 0) break
      const wanted = home(high, this.#slots)
      const staysReachable = hole <= next ? hole < wanted && wanted <= next : hole < wanted || wanted <= next
      if (staysReachable) continue
      this.#move(next, hole)
      hole = next
    }
    for (let index = 0; index < this.#stride; index++) this.values[hole * this.#stride + index] = 0
    this.size -= 1
    this.version += 1
  }

  /** The hash goes by words: as a number it may be none, which need not keep its bits. */
  #move(from: number, to: number): void {
    const stride = this.#stride
    this.#hashes[to * stride * 2] = this.#hashes[from * stride * 2] as number
    this.#hashes[to * stride * 2 + 1] = this.#hashes[from * stride * 2 + 1] as number
    for (let index = 1; index < stride; index++) this.values[to * stride + index] = this.values[from * stride + index] as number
  }

  #grow(): void {
    const stride = this.#stride
    const [before, seen, count] = [this.values, this.#hashes, this.#slots]
    this.#slots = Math.min(this.#largest, Math.ceil(count * growth))
    this.values = new Float64Array(this.#slots * stride)
    this.#hashes = new Int32Array(this.values.buffer)
    for (let slot = 0; slot < count; slot++) {
      const high = seen[slot * stride * 2] as number
      if (high === 0) continue
      const base = this.#place(high, seen[slot * stride * 2 + 1] as number)
      for (let index = 1; index < stride; index++) this.values[base + index] = before[slot * stride + index] as number
    }
    this.#hand = 0
    this.version += 1
  }

  #sweep(steps: number, limit: number, now: number): number {
    let removed = 0
    for (let step = 0; step < steps && removed < limit; step++) {
      // Another entry may have moved into a slot that became empty: the hand stays.
      if (this.#fullness(this.#hand, now) === 0) {
        this.#remove(this.#hand)
        removed += 1
      } else this.#hand = this.#after(this.#hand)
    }
    return removed
  }

  /** Looks for a slot to evict; -1 when all that were looked at are used by more than half, and then the next look is at others. */
  #findVictim(now: number): number {
    if (this.#victim >= 0 && this.#victimFoundAt === this.version) return this.#victim
    let least = 0.5
    let found = -1
    let slot = this.#hand
    for (let seen = 0; seen < mostSampled && (found < 0 || seen < sampledForBest) && least > littleUsed; seen++) {
      const used = this.#fullness(slot, now)
      if (used <= least) {
        found = slot
        least = used
      }
      slot = this.#after(slot)
    }
    this.#hand = slot
    this.#victim = found
    this.#victimFoundAt = this.version
    return found
  }

  /** How much an entry has used; Infinity of a slot without one, which is nothing to remove. */
  #fullness(slot: number, now: number): number {
    if (this.#hashes[slot * this.#stride * 2] === 0) return Number.POSITIVE_INFINITY
    return this.#entries.fullness(this.values, slot * this.#stride, now)
  }
}

/** The first slot that is looked at. */
function home(high: number, slots: number): number {
  return Math.floor((high >>> 0) * slots * twoToMinus32)
}
