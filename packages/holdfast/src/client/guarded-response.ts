import { GuardedReader } from './body-guard.ts'
import type { Guard } from './body-guard.ts'

interface Guarded {
  readonly guard: Guard
  readonly prototype: Response
  stream: ReadableStream<Uint8Array> | undefined
  reader: GuardedReader | undefined
}

const states = new WeakMap<Response, Guarded>()
const prototypes = new WeakMap<object, object>()

/**
 * Watches over the body of a response, whichever way it is read. The response stays the object that `fetch` made, with its URL and its
 * type: only its methods for reading are others.
 */
export function guardBody(response: Response, guard: Guard): void {
  const prototype = Object.getPrototypeOf(response) as Response
  let changed = prototypes.get(prototype)
  if (changed === undefined) {
    changed = Object.create(prototype, Object.getOwnPropertyDescriptors(readers)) as object
    prototypes.set(prototype, changed)
  }
  states.set(response, { guard, prototype, stream: undefined, reader: undefined })
  Object.setPrototypeOf(response, changed)
}

/** Reads everything; a body that is used already is refused in the words of the platform. */
async function readAll(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const state = states.get(response) as Guarded
  const stream = state.stream ?? streamOf(response, state)
  if (stream === null) return new Uint8Array(0)
  if (response.bodyUsed || stream.locked) return new Uint8Array(await state.prototype.arrayBuffer.call(response))
  // A stream that was handed out, but not read yet, has its own guard.
  const guard = state.stream === undefined ? state.guard : { ...state.guard, release() {} }
  return (await new GuardedReader(stream, guard).readAll(Number.POSITIVE_INFINITY)) as Uint8Array<ArrayBuffer>
}

function streamOf(response: Response, { prototype }: Guarded): ReadableStream<Uint8Array> | null {
  return Reflect.get(prototype, 'body', response) as ReadableStream<Uint8Array> | null
}

/** The methods that take the place of the platform's. `this` is the response itself. */
const readers = {
  get body(): ReadableStream<Uint8Array> | null {
    const response = this as unknown as Response
    const state = states.get(response) as Guarded
    const stream = streamOf(response, state)
    if (stream === null) return null
    state.stream ??= guardedStream(stream, state)
    return state.stream
  },
  async text(): Promise<string> {
    return new TextDecoder().decode(await readAll(this as unknown as Response))
  },
  async json(): Promise<unknown> {
    return JSON.parse(new TextDecoder().decode(await readAll(this as unknown as Response))) as unknown
  },
  async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = await readAll(this as unknown as Response)
    return bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer
  },
  async bytes(): Promise<Uint8Array> {
    return readAll(this as unknown as Response)
  },
  async blob(): Promise<Blob> {
    const response = this as unknown as Response
    return new Blob([await readAll(response)], { type: response.headers.get('content-type') ?? '' })
  },
  async formData(): Promise<FormData> {
    const response = this as unknown as Response
    const type = response.headers.get('content-type')
    return new Response(await readAll(response), { headers: type === null ? {} : { 'content-type': type } }).formData()
  },
  clone(): Response {
    const response = this as unknown as Response
    const state = states.get(response) as Guarded
    // What was handed out reads nothing before it is read itself; then the platform says that the body is used.
    if (state.reader === undefined) state.stream = undefined
    return state.prototype.clone.call(response)
  },
}

/** A stream that reads the body only when it is read itself, so that the response can still be cloned. */
function guardedStream(stream: ReadableStream<Uint8Array>, state: Guarded): ReadableStream<Uint8Array> {
  const reader = (): GuardedReader => (state.reader ??= new GuardedReader(stream, state.guard))
  const source = {
    type: 'bytes',
    async pull(controller: ByteController) {
      const { done, value } = await reader().read()
      if (!done) return controller.enqueue(value.slice())
      controller.close()
      controller.byobRequest?.respond(0)
    },
    cancel: (reason: unknown) => reader().cancel(reason),
  }
  return new ReadableStream(source as unknown as object, { highWaterMark: 0 })
}

interface ByteController {
  enqueue(chunk: Uint8Array): void
  close(): void
  readonly byobRequest: { respond(bytes: number): void } | null
}
