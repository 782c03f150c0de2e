import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Application } from './application.ts'

/** What happens to one request. */
export type Fault =
  /** The application answers. */
  | { readonly kind: 'none' }
  /** The application does its work; the connection is reset in the place of the answer. */
  | { readonly kind: 'lose' }
  /** The application does its work; half of the answer arrives, then the connection is reset. */
  | { readonly kind: 'cut' }
  /** The application does its work; a proxy says that it could not be reached. */
  | { readonly kind: 'deny' }
  /** The application never hears of it. */
  | { readonly kind: 'refuse'; readonly fields?: Readonly<Record<string, string>>; readonly bytes?: number }
  /** Head and half of the body arrive, then nothing more. */
  | { readonly kind: 'stall' }
  /** The application does its work; nothing arrives. */
  | { readonly kind: 'hang' }

/** Lets a request meet its fault. */
export function meet(fault: Fault, application: Application, request: IncomingMessage, response: ServerResponse): void {
  switch (fault.kind) {
    case 'none':
      return application.listener(request, response)
    case 'lose':
      return instead(application, request, response, () => request.socket.resetAndDestroy())
    case 'cut':
      return instead(application, request, response, () => {
        sendHalf(response)
        setTimeout(() => request.socket.resetAndDestroy(), 20)
      })
    case 'deny':
      return instead(application, request, response, () => refuse(response, {}, 12))
    case 'refuse':
      return refuse(response, fault.fields ?? {}, fault.bytes ?? 12)
    case 'stall':
      return sendHalf(response)
    case 'hang':
      return instead(application, request, response, () => {})
    default:
      return fault satisfies never
  }
}

/** Lets the application answer into nothing, and does something else when it has. */
function instead({ listener }: Application, request: IncomingMessage, response: ServerResponse, act: () => void): void {
  const swallowed = { writeHead: () => response, write: () => true, flushHeaders: () => {}, end: () => (done(), response) }
  const done = (): void => {
    for (const name of Object.keys(swallowed)) delete (response as unknown as Record<string, unknown>)[name]
    for (const name of response.getHeaderNames()) response.removeHeader(name)
    act()
  }
  Object.assign(response, swallowed)
  listener(request, response)
}

function refuse(response: ServerResponse, fields: Readonly<Record<string, string>>, bytes: number): void {
  const text = JSON.stringify({ error: { message: 'x'.repeat(bytes) } })
  response.writeHead(503, { 'content-type': 'application/json', 'content-length': text.length, ...fields }).end(text)
}

function sendHalf(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 64 })
  response.write('{"object":"thing","number":')
}
