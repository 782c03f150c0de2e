/** Parts of the index, by the first byte of the hash. */
export const bucketCount = 256

const none: readonly number[] = []

/**
 * The numbers of rows by the hashes of their ids, and the hashes in parts that lie together in the index. The ids themselves would
 * be thousands of strings that live just long enough for the garbage collector to copy them twice.
 */
export class RecentKeys {
  /** A list where hashes meet, about once in thirty batches. */
  readonly #seqs = new Map<number, number | readonly number[]>()
  /** A hash stays here when its row is deleted. */
  readonly #buckets = new Map<number, number[]>()

  /** How many hashes there are. */
  get size(): number {
    return this.#seqs.size
  }

  get(hash: number): readonly number[] {
    const seqs = this.#seqs.get(hash)
    if (seqs === undefined) return none
    return typeof seqs === 'number' ? [seqs] : seqs
  }

  add(hash: number, seq: number): void {
    const others = this.get(hash)
    this.#seqs.set(hash, others.length === 0 ? seq : [...others, seq])
    if (others.length > 0) return
    const number = hash >>> 24
    const bucket = this.#buckets.get(number)
    if (bucket === undefined) this.#buckets.set(number, [hash])
    else bucket.push(hash)
  }

  /** Whether it was there. */
  delete(hash: number, seq: number): boolean {
    const seqs = this.get(hash)
    if (!seqs.includes(seq)) return false
    const left = seqs.filter((one) => one !== seq)
    if (left.length === 0) this.#seqs.delete(hash)
    else this.#seqs.set(hash, left)
    return true
  }

  bucket(number: number): readonly number[] {
    return this.#buckets.get(number) ?? none
  }

  /** Those that come after a row. */
  after(last: number): RecentKeys {
    const later = new RecentKeys()
    for (const hash of this.#seqs.keys()) for (const seq of this.get(hash)) if (seq > last) later.add(hash, seq)
    return later
  }
}
