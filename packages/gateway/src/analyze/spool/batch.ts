/** Requests as columns: numbers only, so that a log of twenty million lines fits into a small file. */
export interface Batch {
  length: number
  /** Milliseconds since 1970, whole. */
  readonly at: Float64Array
  readonly cost: Float64Array
  readonly account: Uint32Array
  readonly route: Uint32Array
  /** A second identity, when a policy counts by it. */
  readonly client: Uint32Array
  readonly status: Uint16Array
}

/** One request of a log. */
export interface Entry {
  readonly at: number
  readonly account: number
  readonly route: number
  readonly client: number
  readonly cost: number
  readonly status: number
}

const bytesPerEntry = 8 + 8 + 4 + 4 + 4 + 2

/** How many bytes `length` entries take. */
export function batchBytes(length: number): number {
  return bytesPerEntry * length
}

/** Columns over one piece of memory, so that a batch is written and read in one call. `capacity` must be a multiple of four. */
export function createBatch(capacity: number, buffer: ArrayBuffer = new ArrayBuffer(batchBytes(capacity))): Batch {
  return {
    length: 0,
    at: new Float64Array(buffer, 0, capacity),
    cost: new Float64Array(buffer, 8 * capacity, capacity),
    account: new Uint32Array(buffer, 16 * capacity, capacity),
    route: new Uint32Array(buffer, 20 * capacity, capacity),
    client: new Uint32Array(buffer, 24 * capacity, capacity),
    status: new Uint16Array(buffer, 28 * capacity, capacity),
  }
}

/** The memory under a batch. */
export function bytesOf(batch: Batch): Uint8Array {
  return new Uint8Array(batch.at.buffer)
}

/** Copies one entry to the end of another batch. */
export function copyEntry(from: Batch, index: number, to: Batch): void {
  const end = to.length++
  to.at[end] = from.at[index] as number
  to.account[end] = from.account[index] as number
  to.route[end] = from.route[index] as number
  to.client[end] = from.client[index] as number
  to.cost[end] = from.cost[index] as number
  to.status[end] = from.status[index] as number
}
