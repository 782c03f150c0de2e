import type { ServerResponse } from 'node:http'

/**
 * The parts of Node's HTTP/1.1 response that have no public name, but a stable one: compression and session middleware read
 * them too, so that what stands here convinces them as well.
 */
interface ResponseState {
  /** The head as it goes on the wire; set once it was written. Makes `headersSent` true and `setHeader` throw. */
  _header: string | null
  _trailer: string
  finished: boolean
}

/** Stands for a head that the framework has written and the policy has not let go yet. */
const heldHead = 'held'

/** Whether the framework's head waits for a policy. */
export function isHeld(res: ServerResponse): boolean {
  return isHttp1(res) ? res._header === heldHead : Object.hasOwn(res, 'headersSent')
}

/** Makes the response look to the framework as if its head was on the wire. */
export function markHeld(res: ServerResponse): void {
  if (isHttp1(res)) res._header = heldHead
  else pretend(res, 'headersSent', '_header')
}

/**
 * Makes the response look to the framework as if its last byte was handed over. Not by `finished`: Node's `server.close()` takes that for an
 * answer that has left, and closes the connection under it.
 */
export function markEnded(res: ServerResponse): void {
  if (isHttp1(res)) Object.defineProperty(res, 'writableEnded', endedWhileHeld)
  else pretend(res, 'finished', 'writableEnded')
}

const endedWhileHeld: PropertyDescriptor & ThisType<ResponseState> = {
  configurable: true,
  get() {
    return this._header === heldHead || this.finished
  },
}

/** Runs a method of Node's on a response that was ended and is held, so that it refuses as it does after the end. */
export function asEnded<T>(res: ServerResponse, native: () => T): T {
  if (!isHttp1(res)) return native()
  res.finished = true
  try {
    return native()
  } finally {
    res.finished = false
  }
}

/** Takes the marks away, so that Node itself can write the answer. */
export function unmark(res: ServerResponse): void {
  if (!isHttp1(res)) {
    for (const name of ['headersSent', '_header', 'finished', 'writableEnded']) Reflect.deleteProperty(res, name)
    return
  }
  if (res._header !== heldHead) return
  res._header = null
}

/**
 * Turns a response away from a framework that has not answered yet, when a policy has answered instead: what it still sets
 * has no effect, where it would otherwise throw and end in the framework closing the connection.
 */
export function divert(res: ServerResponse): void {
  const ignore = (): ServerResponse => res
  Object.assign(res, { setHeader: ignore, setHeaders: ignore, appendHeader: ignore, removeHeader: ignore, addTrailers: ignore })
}

/** Forgets trailers that came with an answer which is not sent. */
export function dropTrailers(res: ServerResponse): void {
  if (isHttp1(res)) res._trailer = ''
}

/** Whether a response is HTTP/1.1's; HTTP/2's is another class with the same methods. */
export function isHttp1(res: ServerResponse): res is ServerResponse & ResponseState {
  return !('stream' in res)
}

function pretend(res: ServerResponse, ...names: readonly string[]): void {
  for (const name of names) Object.defineProperty(res, name, { value: true, configurable: true })
}
