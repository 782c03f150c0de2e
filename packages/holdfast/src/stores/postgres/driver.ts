/** What a query answers with. `pg`'s `QueryResult` is one. */
export interface PostgresResult {
  readonly rows: Record<string, unknown>[]
}

/** One connection, or anything that runs queries: the slice of `pg`'s `Client` that Holdfast uses. */
export interface PostgresClient {
  /** Without values the text goes as one message of the simple protocol, and several statements answer with an array of results. */
  query(text: string, values?: unknown[]): Promise<PostgresResult>
}

/** A connection taken out of a pool. */
export interface PooledClient extends PostgresClient {
  /** Gives the connection back; with an error it is destroyed instead. */
  release(error?: Error | boolean): void
}

/** A pool of connections. A `pg.Pool` is one as it is; `fromPostgresJs` makes one of postgres.js. */
export interface PostgresPool extends PostgresClient {
  connect(): Promise<PooledClient>
}

/** `pg`'s pools and clients are event emitters; Holdfast listens for `error`, which would end the process when nobody does. */
interface Emitter {
  on(event: 'error', listener: (error: unknown) => void): unknown
  off(event: 'error', listener: (error: unknown) => void): unknown
}

/** Listens for a driver object's `error` event, where it has one. Returns how to stop. */
export function onError(source: object, listener: (error: unknown) => void): () => void {
  if (!isEmitter(source)) return () => {}
  source.on('error', listener)
  return () => void source.off('error', listener)
}

function isEmitter(source: object): source is Emitter {
  return 'on' in source && typeof source.on === 'function' && 'off' in source && typeof source.off === 'function'
}

const guarded = new WeakMap<object, number>()
const ignore = (): void => {}

/**
 * Keeps a pool's idle connections from ending the process when they die: the pool replaces them by itself. One listener serves all
 * stores of a pool. Returns how to stop.
 */
export function ignoreIdleErrors(pool: PostgresPool): () => void {
  const before = guarded.get(pool) ?? 0
  guarded.set(pool, before + 1)
  if (before === 0) onError(pool, ignore)
  let isStopped = false
  return () => {
    if (isStopped) return
    isStopped = true
    const left = (guarded.get(pool) ?? 1) - 1
    guarded.set(pool, left)
    if (left === 0 && isEmitter(pool)) pool.off('error', ignore)
  }
}
