import { Readable } from 'node:stream'
import type { ReadableStream as NodeStream } from 'node:stream/web'
import { attemptMs, jsonType, retries } from './client.ts'
import type { Client, Sent } from './client.ts'
import { load, loadDefault } from './load.ts'

type Options = Readonly<Record<string, unknown>>

/** Streams as Node's own clients take them. */
function toNodeBody(body: Sent['body']): unknown {
  return body instanceof ReadableStream ? Readable.fromWeb(body as NodeStream) : body
}

interface AxiosRetry {
  (axios: unknown, options: Options): void
  readonly exponentialDelay: unknown
  isNetworkOrIdempotentRequestError(error: unknown): boolean
  isRetryableError(error: unknown): boolean
}

interface UndiciAnswer {
  readonly statusCode: number
  readonly body: { text(): Promise<string> }
}

/** Clients that bring their own way to send. None of them knows idempotency keys. */
export const stacks: readonly Client[] = [
  {
    name: 'got',
    open() {
      const got = loadDefault<(url: string, options: Options) => Promise<{ body: string }>>('got')
      const retry = { limit: retries, methods: ['GET', 'POST', 'PUT'], maxRetryAfter: 60_000 }
      return ({ method, url, body, signal }) =>
        got(url, {
          method,
          ...(signal && { signal }),
          retry,
          timeout: { request: attemptMs },
          ...(body !== undefined && { body: toNodeBody(body), headers: jsonType }),
        })
    },
  },
  {
    name: 'axios + axios-retry',
    open() {
      const axios = loadDefault<{ create(options: Options): { request(options: Options): Promise<unknown> } }>('axios')
      const again = loadDefault<AxiosRetry>('axios-retry')
      const client = axios.create({ timeout: attemptMs, responseType: 'text' })
      again(client, {
        retries,
        shouldResetTimeout: true,
        retryDelay: again.exponentialDelay,
        retryCondition: (error: { code?: string }) =>
          again.isNetworkOrIdempotentRequestError(error) || again.isRetryableError(error) || error.code === 'ECONNABORTED',
      })
      return ({ method, url, body, signal }) =>
        client.request({ method, url, signal, ...(body !== undefined && { data: toNodeBody(body), headers: jsonType }) })
    },
  },
  {
    name: 'undici RetryAgent',
    open() {
      const { Agent, RetryAgent, request } = load<{
        Agent: new (options: Options) => object
        RetryAgent: new (agent: object, options: Options) => object
        request(url: string, options: Options): Promise<UndiciAnswer>
      }>('undici')
      const agent = new Agent({ headersTimeout: attemptMs, bodyTimeout: attemptMs })
      const errorCodes = [
        'ECONNRESET',
        'ECONNREFUSED',
        'ENOTFOUND',
        'EPIPE',
        'UND_ERR_SOCKET',
        'UND_ERR_HEADERS_TIMEOUT',
        'UND_ERR_BODY_TIMEOUT',
      ]
      const dispatcher = new RetryAgent(agent, { maxRetries: retries, methods: ['GET', 'POST', 'PUT'], errorCodes })
      return async ({ method, url, body, signal }) => {
        const given = body === undefined ? {} : { body: toNodeBody(body), headers: jsonType }
        const answer = await request(url, { method, signal, dispatcher, ...given })
        const text = await answer.body.text()
        if (answer.statusCode >= 400) throw Object.assign(new Error(text), { status: answer.statusCode })
        return text
      }
    },
  },
]
