import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { defineApi } from 'holdfast'
import { memory } from 'holdfast/memory'
import { holdfast } from 'holdfast/node'

/** The API behind the faults: an effect that is counted, a thing to read. */
export interface Application {
  readonly listener: RequestListener
  readonly effects: () => number
}

/**
 * @param heedsKeys whether the API is declared to Holdfast, whose middleware then runs each key once; otherwise keys mean nothing to it
 */
export function openApplication(heedsKeys: boolean): Application {
  let effects = 0
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    if (request.method === 'POST') effects += 1
    const text = JSON.stringify({ object: request.method === 'POST' ? 'transfer' : 'thing', number: effects })
    response.writeHead(request.method === 'POST' ? 201 : 200, { 'content-type': 'application/json', 'content-length': text.length })
    response.end(text)
  }
  const api = defineApi({
    store: memory(),
    singleTenant: true,
    routes: { 'POST /v1/transfers': { idempotency: { guarantee: 'at-most-once', key: 'optional' } } },
  })
  return { listener: heedsKeys ? holdfast(api, handle) : handle, effects: () => effects }
}
