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
  #deleted: { readonly id: string; readonly seq: number }[] = []
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
      this.#fresh.add(id, seq)
      this.#knownTo = seq
      this.#debt++
    }
    this.#isLoaded = true
  }

  /** As `refresh`, for who knows everything unless nothing was read yet. */
  load(database: SqliteDatabase): void {
    if (!this.#isLoaded) this.refresh(database)
  }

  /** The number of a row that may not be in the index yet. */
  recent(id: string): number | undefined {
    return this.#fresh.get(id) ?? this.#moving.get(id)
  }

  added(id: string, seq: number): void {
    this.#fresh.add(id, seq)
    this.#debt++
  }

  deleted(database: SqliteDatabase, id: string, seq: number): void {
    if (this.#fresh.delete(id, seq) || this.#moving.delete(id, seq)) this.#deleted.push({ id, seq })
    database.prepare(remove).run(hashOf(id), seq)
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
    for (const { id, seq } of this.#deleted) this.#fresh.add(id, seq)
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
    const ids = this.#moving.bucket(this.#nextBucket++)
    for (const id of ids) {
      const seq = this.#moving.get(id)
      if (seq !== undefined) statement.run(hashOf(id), seq)
    }
    this.#debt = Math.max(0, this.#debt - ids.length)
    if (this.#nextBucket < bucketCount) return ids.length
    // Others may have come further.
    this.#indexedTo = Math.max(this.#indexedTo, this.#movingTo)
    writeMeta(database, 'indexed-to', this.#indexedTo)
    this.#moving = new RecentKeys()
    return ids.length
  }

  /** Another process has moved rows that this one holds as well. */
  #dropIndexed(indexedTo: number): void {
    this.#indexedTo = indexedTo
    if (this.#movingTo <= indexedTo) this.#moving = new RecentKeys()
    this.#fresh = this.#fresh.after(indexedTo)
  }
}
