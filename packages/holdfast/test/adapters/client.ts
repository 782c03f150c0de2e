import { once } from 'node:events'
import { Agent, request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'

export interface Sent {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string | Uint8Array | readonly Uint8Array[]
  readonly agent?: Agent
}

export interface Received {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly trailers: IncomingMessage['trailers']
  readonly body: Buffer
}

/** Sends a request and waits for its head. Several chunks of a body make it chunked. */
export async function open(port: number, { method = 'GET', path = '/', headers = {}, body, agent }: Sent = {}): Promise<IncomingMessage> {
  const req = request({ port, host: '127.0.0.1', method, path, headers: { ...headers }, agent: agent ?? false })
  const answered = once(req, 'response') as Promise<[IncomingMessage]>
  if (Array.isArray(body)) {
    for (const chunk of body as readonly Uint8Array[]) req.write(chunk)
    req.end()
  } else req.end(body as string | Uint8Array | undefined)
  const [res] = await answered
  return res
}

/** Sends a request and reads the whole answer. */
export async function send(port: number, sent: Sent = {}): Promise<Received> {
  const res = await open(port, sent)
  const body = await bodyOf(res)
  return { status: res.statusCode ?? 0, headers: res.headers, trailers: res.trailers, body }
}

export async function bodyOf(res: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of res) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** The next chunk of an answer. */
export async function nextChunk(res: IncomingMessage): Promise<string> {
  const [chunk] = (await once(res, 'data')) as [Buffer]
  return String(chunk)
}

const encoder = new TextEncoder()

/** A text whose second half is made only when a gate has opened. */
export async function* halves(opened: Promise<void>): AsyncIterable<Uint8Array> {
  yield encoder.encode('first')
  await opened
  yield encoder.encode('last')
}

/** An agent that keeps one connection and uses it again. */
export function oneConnection(): Agent {
  return new Agent({ keepAlive: true, maxSockets: 1 })
}

/** A connection of bytes, for what a client library would not send. */
export async function raw(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

/** Reads from a connection until what came satisfies a condition. */
export async function readUntil(socket: Socket, isEnough: (text: string) => boolean): Promise<string> {
  let text = ''
  while (!isEnough(text)) {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    text += chunk.toString('latin1')
  }
  return text
}

/** A promise that a test settles by hand. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open: () => open() }
}

/** What a client says of an answer that breaks off, before its head or after it. */
export const cutOff = /aborted|socket hang up|ECONNRESET/
