import { attemptMs, retries } from './client.ts'
import type { Client, Sent } from './client.ts'
import { load, loadDefault } from './load.ts'

type Options = Readonly<Record<string, unknown>>

interface Generated {
  get(path: string, options: Options): Promise<unknown>
  post(path: string, options: Options): Promise<unknown>
  put(path: string, options: Options): Promise<unknown>
}

type GeneratedClass = new (options: Options) => Generated

/** Calls of a generated SDK to a path that its API does not have. */
function calls(make: (Base: GeneratedClass) => GeneratedClass): Client['open'] {
  return (origin) => {
    const Made = make(load<{ OpenAI: GeneratedClass }>('openai').OpenAI)
    const client = new Made({ apiKey: 'none', baseURL: origin, maxRetries: retries, timeout: attemptMs })
    return ({ method, url, body, signal }: Sent) => {
      const verb = method.toLowerCase() as 'get' | 'post' | 'put'
      const given = typeof body === 'string' ? (JSON.parse(body) as unknown) : body
      return client[verb](new URL(url).pathname, { signal, ...(given !== undefined && { body: given }) })
    }
  }
}

/** Software development kits, pointed at the server of the benchmark. */
export const generated: readonly Client[] = [
  {
    name: 'stripe',
    lacks: ['signal', 'stream'],
    open(origin) {
      const Stripe =
        loadDefault<new (key: string, options: Options) => { rawRequest(method: string, path: string, body?: object): Promise<unknown> }>(
          'stripe',
        )
      const { hostname: host, port } = new URL(origin)
      const client = new Stripe('sk_test_none', {
        host,
        port,
        protocol: 'http',
        maxNetworkRetries: retries,
        timeout: attemptMs,
        telemetry: false,
      })
      return ({ method, url, body }) =>
        client.rawRequest(method, new URL(url).pathname, body === undefined ? undefined : (JSON.parse(body as string) as object))
    },
  },
  { name: 'openai', open: calls((Base) => Base) },
  {
    // What the same generator makes for an API that is declared to take keys.
    name: 'openai with a key header',
    open: calls(
      (Base) =>
        class extends Base {
          readonly idempotencyHeader = 'Idempotency-Key'
        },
    ),
  },
]
