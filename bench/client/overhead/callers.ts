import { createFetch } from 'holdfast/client'
import { undiciFetch } from 'holdfast/client/undici'
import { jsonType } from '../clients/client.ts'
import { load, loadDefault } from '../clients/load.ts'

type Call = (method: 'GET' | 'POST') => Promise<unknown>
type Options = Readonly<Record<string, unknown>>
type Dispatcher = Parameters<typeof undiciFetch>[0]

const body = JSON.stringify({ from: 'w1', to: 'w2', amount: 1250, currency: 'EUR', note: 'rent of the flat in the High Street' })
const initOf = (method: 'GET' | 'POST'): RequestInit => (method === 'POST' ? { method, body, headers: jsonType } : { method })

function throughFetch(fetch: (url: string, init: RequestInit) => Promise<Response>, url: string): Call {
  return async (method) => (await fetch(url, initOf(method))).json()
}

/** One successful call with its answer read, by each client as it comes. */
export const callers = {
  fetch: (origin) => throughFetch(fetch, `${origin}/transfers`),
  'fetch with a time limit': (origin) =>
    throughFetch((url, init) => fetch(url, { ...init, signal: AbortSignal.timeout(10_000) }), `${origin}/transfers`),
  'holdfast over fetch': (origin) => throughFetch(createFetch(), `${origin}/transfers`),
  'holdfast over undici': (origin) => {
    const { Agent } = load<{ Agent: new () => Dispatcher }>('undici')
    return throughFetch(createFetch({ fetch: undiciFetch(new Agent()) }), `${origin}/transfers`)
  },
  'undici request': (origin) => {
    const { request } = load<{ request(url: string, options: Options): Promise<{ body: { json(): Promise<unknown> } }> }>('undici')
    return async (method) => (await request(`${origin}/transfers`, initOf(method) as Options)).body.json()
  },
  ky: (origin) => {
    const ky = loadDefault<(url: string, options: Options) => { json(): Promise<unknown> }>('ky')
    return (method) => ky(`${origin}/transfers`, initOf(method) as Options).json()
  },
  got: (origin) => {
    const got = loadDefault<(url: string, options: Options) => { json(): Promise<unknown> }>('got')
    const { Agent } = load<{ Agent: new (options: Options) => object }>('node:http')
    const agent = { http: new Agent({ keepAlive: true }) }
    return (method) => got(`${origin}/transfers`, { ...initOf(method), agent }).json()
  },
  axios: (origin) => {
    const axios = loadDefault<{ create(options: Options): { request(options: Options): Promise<{ data: unknown }> } }>('axios')
    const { Agent } = load<{ Agent: new (options: Options) => object }>('node:http')
    const client = axios.create({ httpAgent: new Agent({ keepAlive: true }) })
    return async (method) => {
      const given = method === 'POST' ? { data: body, headers: jsonType } : {}
      return (await client.request({ method, url: `${origin}/transfers`, ...given })).data
    }
  },
  ofetch: (origin) => {
    const { ofetch } = load<{ ofetch: (url: string, options: Options) => Promise<unknown> }>('ofetch')
    return (method) => ofetch(`${origin}/transfers`, initOf(method) as Options)
  },
} satisfies Record<string, (origin: string) => Call>
