import { ownTransport } from '../own-transport.ts'
import type { OwnTransport } from '../own-transport.ts'
import { walk } from '../redirects.ts'
import type { BodyValue, Fetch, FetchInit } from '../types.ts'
import type { DispatchOptions, Dispatcher } from './dispatcher.ts'
import { endingOf } from './ending.ts'
import { DispatchExchange } from './exchange.ts'
import type { Asked } from './exchange.ts'
import { toTarget } from './target.ts'

export type { AnswerFields, DispatchController, DispatchHandler, DispatchOptions, Dispatcher } from './dispatcher.ts'

/**
 * Makes a `fetch` over an undici `Agent`, `Pool` or `Client` (version 7 or newer), for Node: less than half of what the global one costs,
 * because no `Request`, `Headers` and `Response` of the platform are built before somebody asks for one. The answer is a `Response` to all who
 * use it as one.
 *
 * It asks for no compression unless told, knows no cache, no CORS, and only http and https. `dispatcher` in `init` counts before the one given.
 *
 * @example
 * import { Agent } from 'undici'
 * const fetch = createFetch({ fetch: undiciFetch(new Agent({ connections: 32 })) })
 */
export function undiciFetch(dispatcher: Dispatcher): Fetch {
  const send = (asked: Asked): Promise<Response> => new Promise((resolve, reject) => dispatch(dispatcher, asked, resolve, reject))
  const onward: Asked['onward'] = ({ input, init, ending, lines, given }, mode, first) => {
    const once = (target: Asked['input'], changed: RequestInit = {}): Promise<Response> =>
      send({ input: target, init: changed, lines: undefined, given: 0, ending, onward: undefined })
    return walk(once, input, lines === undefined ? init : { ...init, headers: toPairs(lines.slice(0, given)) }, mode, first)
  }
  const own: OwnTransport = (input, init, method, lines, body, ending) => {
    const { redirect, dispatcher: by } = (init ?? {}) as Steered
    return send({ input, init: { method, body, redirect, dispatcher: by } as RequestInit, lines, given: lines.length, ending, onward })
  }
  const fetch: Fetch = (input, init = {}) => send({ input, init, lines: undefined, given: 0, ending: undefined, onward })
  return Object.assign(fetch, { [ownTransport]: own })
}

/** What of an init is for the transport. */
interface Steered {
  readonly redirect?: string
  readonly dispatcher?: Dispatcher
}

function dispatch(
  dispatcher: Dispatcher,
  asked: Asked,
  resolve: (response: Response | Promise<Response>) => void,
  reject: (error: unknown) => void,
): void {
  const { input, init } = asked
  const request = input instanceof Request ? input : undefined
  const { origin, path, href } = toTarget(request?.url ?? String(input))
  const until = asked.ending ?? endingOf(init.signal ?? request?.signal ?? undefined)
  if (until !== undefined && until.reason !== undefined) return reject(until.reason)
  const headers = asked.lines ?? toLines(init.headers ?? request?.headers)
  const method = init.method ?? request?.method ?? 'GET'
  const by = (init as Steered).dispatcher ?? dispatcher
  const exchange = new DispatchExchange(href, method, asked, until, resolve, reject)
  const given = init.body ?? request?.body ?? undefined
  if (typeof given === 'string') addDefault(headers, 'content-type', 'text/plain;charset=UTF-8')
  if (typeof given === 'string' || given === undefined || given instanceof Uint8Array) send(given)
  else
    plainBody(given as BodyValue, headers)
      .then(send)
      .catch((error: unknown) => exchange.refuse(error))

  function send(body: DispatchOptions['body']): void {
    addDefault(headers, 'accept', '*/*')
    addDefault(headers, 'user-agent', 'holdfast')
    const options: DispatchOptions = { origin, path, method, headers, body }
    by.dispatch(options as never, exchange)
  }
}

/** Header fields as undici takes them cheapest: name, value, name, value. */
function toLines(init: FetchInit['headers']): string[] {
  const lines: string[] = []
  if (init === undefined) return lines
  const isRecord = !(init instanceof Headers) && !(Symbol.iterator in init)
  if (isRecord) for (const name in init) lines.push(name.toLowerCase(), String((init as Record<string, unknown>)[name]))
  else for (const [name, value] of new Headers(init)) lines.push(name, value)
  return lines
}

function toPairs(lines: readonly string[]): [string, string][] {
  return lines.flatMap((name, index) => (index % 2 === 0 ? [[name, lines[index + 1] as string]] : []))
}

function addDefault(lines: string[], name: string, value: string): void {
  for (let index = 0; index < lines.length; index += 2) if (lines[index] === name) return
  lines.push(name, value)
}

/** Bodies of the platform's kinds, as bytes with their type; streams go on as they are. */
async function plainBody(value: BodyValue, headers: string[]): Promise<DispatchOptions['body']> {
  if (value instanceof ReadableStream) return value as ReadableStream<Uint8Array>
  const whole = new Response(value)
  const type = whole.headers.get('content-type')
  if (type !== null) addDefault(headers, 'content-type', type)
  return Buffer.from(await whole.arrayBuffer())
}
