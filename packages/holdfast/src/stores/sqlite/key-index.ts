import type { SqliteDatabase } from './driver.ts'
import { hashOf } from './key-hash.ts'
import { RecentKeys, bucketCount } from './recent-keys.ts'
import { readMeta, writeMeta } from './schema.ts'

// Four for each call of a full group, which takes a fifth of a millisecond: a process that has to catch up must not stop the event loop.
const mostMoved = 256

const add = 'INSERT OR IGNORE INTO holdfast_key_index (hash, seq) VALUES (?, ?)'
const remove = 'DELETE FROM holdfast_key_index WHERE hash = ? AND seq = ?'
const unknownRows = 'SELECT seq, id FROM holdfast_keys WHERE seq > ? ORDER BY seq'
const lastRow = 'SELECT max(seq) AS seq FROM holdfast_keys'

/**
 * Finds the rows of keys. Ids are random, so an index over them would have to write a page for nearly every new key: more than the row, and the
 * answer, and their other index together. Rows therefore come into the index late, thousands at once and in its order, so that they share pages.
 * Until then their numbers (`seq`, which only grows) are in memory; `indexed-to` in the file says from which number on a process has to read them.
 *
 * An entry in memory or in the index may be stale: whoever follows it compares the id of the row. What must never happen is that a row
 * has no entry: then a call would run twice. So rows, entries and `indexed-to` change in one transaction, and after one that was rolled
 * back (`rolledBack`) what was taken away is here again. What it added is stale from then on.
 */
export class KeyIndex {
  readonly #batchSize: number
  #fresh = new RecentKeys()
  /** On its way into the index, bucket by bucket; found here until all of it is there. */
  #moving = new RecentKeys()
  #nextBucket = 0
  /** How many rows came since the move began that no other was moved for yet: it ends when the next batch is whole. */
  #debt = 0
  /** The last row that was committed when everything before it became known here. */
  #knownTo = 0
  #deleted: { readonly hash: number; readonly seq: number }[] = []
  /** Where the move stood before this transaction. */
  #before: (() => void) | undefined
  /** The last row that this transaction will have committed. */
  #commitsTo = 0
  #indexedTo = 0
  #movingTo = 0
  #isLoaded = false

  constructor(batchSize: number) {
    this.#batchSize = batchSize
  }

  /** Learns of the rows that others committed, in a transaction or from a connection that sees only what is committed. */
  refresh(database: SqliteDatabase): void {
    const indexedTo = Number(readMeta(database, 'indexed-to') ?? 0)
    if (indexedTo > this.#indexedTo) this.#dropIndexed(indexedTo)
    for (const row of database.prepare(unknownRows).all(Math.max(this.#knownTo, indexedTo))) {
      const { seq, id } = row as { seq: number; id: string }
      this.#fresh.add(hashOf(id), seq)
      this.#knownTo = seq
      this.#debt++
    }
    this.#isLoaded = true
  }

  /** As `refresh`, for who knows everything unless nothing was read yet. */
  load(database: SqliteDatabase): void {
    if (!this.#isLoaded) this.refresh(database)
  }

  /** The numbers of rows that may not be in the index yet; the row tells whose it is. */
  recent(hash: number): readonly number[] {
    const fresh = this.#fresh.get(hash)
    const moving = this.#moving.get(hash)
    return fresh.length === 0 ? moving : [...fresh, ...moving]
  }

  added(hash: number, seq: number): void {
    this.#fresh.add(hash, seq)
    this.#debt++
  }

  deleted(database: SqliteDatabase, hash: number, seq: number): void {
    if (this.#fresh.delete(hash, seq) || this.#moving.delete(hash, seq)) this.#deleted.push({ hash, seq })
    database.prepare(remove).run(hash, seq)
  }

  /** Moves rows into the index, for about as many as came. Runs last in a transaction that adds some. */
  beforeCommit(database: SqliteDatabase): void {
    // Not the last number this process gave: a part of the transaction that was rolled back gives its numbers to others.
    this.#commitsTo = (database.prepare(lastRow).get() as { seq: number | null }).seq ?? 0
    this.#rememberMove()
    for (let moved = 0; this.#moving.size > 0 && this.#debt > 0 && moved < mostMoved;) moved += this.#moveBucket(database)
    if (this.#moving.size === 0 && this.#fresh.size >= this.#batchSize) this.#beginMove()
  }

  committed(): void {
    this.#knownTo = Math.max(this.#knownTo, this.#commitsTo)
    this.#deleted = []
    this.#before = undefined
  }

  /** After a transaction whose end may even be unknown; the next one begins with `refresh`. */
  rolledBack(): void {
    this.#before?.()
    for (const { hash, seq } of this.#deleted) this.#fresh.add(hash, seq)
    this.#commitsTo = this.#knownTo
    this.#deleted = []
    this.#before = undefined
  }

  #rememberMove(): void {
    const [fresh, moving, movingTo, indexedTo, nextBucket] = [this.#fresh, this.#moving, this.#movingTo, this.#indexedTo, this.#nextBucket]
    this.#before = () => {
      this.#fresh = fresh
      this.#moving = moving
      this.#movingTo = movingTo
      this.#indexedTo = indexedTo
      this.#nextBucket = nextBucket
    }
  }

  #beginMove(): void {
    this.#moving = this.#fresh
    this.#movingTo = this.#commitsTo
    this.#fresh = new RecentKeys()
    this.#nextBucket = 0
    this.#debt = 0
  }

  #moveBucket(database: SqliteDatabase): number {
    const statement = database.prepare(add)
    const hashes = this.#moving.bucket(this.#nextBucket++)
    for (const hash of hashes) for (const seq of this.#moving.get(hash)) statement.run(hash, seq)
    this.#debt = Math.max(0, this.#debt - hashes.length)
    if (this.#nextBucket < bucketCount) return hashes.length
    // Others may have come further.
    this.#indexedTo = Math.max(this.#indexedTo, this.#movingTo)
    writeMeta(database, 'indexed-to', this.#indexedTo)
    this.#moving = new RecentKeys()
    return hashes.length
  }

  /** Another process has moved rows that this one holds as well. */
  #dropIndexed(indexedTo: number): void {
    this.#indexedTo = indexedTo
    if (this.#movingTo <= indexedTo) this.#moving = new RecentKeys()
    this.#fresh = this.#fresh.after(indexedTo)
  }
}
