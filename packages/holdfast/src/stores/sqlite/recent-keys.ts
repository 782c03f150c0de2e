import { hashOf } from './key-hash.ts'

/** Parts of the index, by the first byte of the hash. */
export const bucketCount = 256

/** The numbers of rows by their ids, and the ids in parts that lie together in the index. */
export class RecentKeys {
  readonly #seqs = new Map<string, number>()
  /** An id stays here when it is deleted. */
  readonly #buckets = new Map<number, string[]>()

  get size(): number {
    return this.#seqs.size
  }

  get(id: string): number | undefined {
    return this.#seqs.get(id)
  }

  add(id: string, seq: number): void {
    this.#seqs.set(id, seq)
    const number = hashOf(id) >>> 24
    const bucket = this.#buckets.get(number)
    if (bucket === undefined) this.#buckets.set(number, [id])
    else bucket.push(id)
  }

  /** Whether it was there. */
  delete(id: string, seq: number): boolean {
    return this.#seqs.get(id) === seq && this.#seqs.delete(id)
  }

  bucket(number: number): readonly string[] {
    return this.#buckets.get(number) ?? []
  }

  /** Those that come after a row. */
  after(seq: number): RecentKeys {
    const later = new RecentKeys()
    for (const [id, one] of this.#seqs) if (one > seq) later.add(id, one)
    return later
  }
}
