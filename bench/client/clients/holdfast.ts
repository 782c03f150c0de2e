import { createFetch } from 'holdfast/client'
import type { ClientOptions } from 'holdfast/client'
import { undiciFetch } from 'holdfast/client/undici'
import { attemptMs, jsonType } from './client.ts'
import type { Client } from './client.ts'
import { load } from './load.ts'

/** The shipped defaults, and the time for an attempt that all clients have. */
function open(options: ClientOptions): ReturnType<Client['open']> {
  const fetch = createFetch({ attemptTimeoutMs: attemptMs, bodyIdleMs: attemptMs, ...options })
  return async ({ method, url, body, signal }) => {
    // Like the others, which all read the whole answer before they hand it over.
    const init = { method, ...(signal && { signal }), holdfast: { buffer: true }, ...(body !== undefined && { body, headers: jsonType }) }
    const response = await fetch(url, init)
    const text = await response.text()
    if (!response.ok) throw Object.assign(new Error(text), { status: response.status })
    return text
  }
}

type Dispatcher = Parameters<typeof undiciFetch>[0]

export const ours: readonly Client[] = [
  { name: 'holdfast', open: () => open({}) },
  {
    name: 'holdfast over undici',
    open() {
      const { Agent } = load<{ Agent: new () => Dispatcher }>('undici')
      return open({ fetch: undiciFetch(new Agent()) })
    },
  },
]
