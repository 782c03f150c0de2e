import { randomUUID } from 'node:crypto'

/** An answer, with its body as text and as JSON. */
export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: Json
}

/** What a body may have; a test knows what it asked for. */
export interface Json {
  readonly id: string
  readonly code: string
  readonly detail: string
  readonly status: string
  readonly etag: string
  readonly created_at: string
  readonly now: string
  readonly balance: { readonly value: string; readonly currency: string }
  readonly last_transfer: unknown
  readonly errors: readonly { readonly pointer?: string; readonly parameter?: string; readonly detail: string }[]
  readonly data: readonly {
    readonly seq: number
    readonly delta: string
    readonly balance_after: string
    readonly transfer: string | null
  }[]
}

export interface CallOptions {
  /** `undefined` calls without credentials. @default 'key_alice' */
  readonly as?: string | undefined
  /** `undefined` sends none. @default a new one */
  readonly key?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/** Calls a ledger as tests do. */
export interface Client {
  readonly url: string
  get(path: string, options?: CallOptions, method?: string): Promise<Answered>
  /** A string is sent as it is. */
  send(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answered>
  post(path: string, body?: unknown, options?: CallOptions): Promise<Answered>
  openWallet(opening?: string, options?: CallOptions & { currency?: string }): Promise<string>
  balanceOf(wallet: string): Promise<string>
  effects(): Promise<Effects>
}

export interface Effects {
  readonly transfers: number
  readonly by_key: Readonly<Record<string, number>>
  readonly sum: string
  readonly entries: number
}

export function createClient(url: string): Client {
  async function send(method: string, path: string, body: string | undefined, options: CallOptions): Promise<Answered> {
    const as = 'as' in options ? options.as : 'key_alice'
    const key = 'key' in options ? options.key : randomUUID()
    const headers = {
      ...(as !== undefined && { authorization: `Bearer ${as}` }),
      ...(key !== undefined && method === 'POST' && { 'idempotency-key': key }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...options.headers,
    }
    const response = await fetch(url + path, { method, headers, redirect: 'manual', ...(body !== undefined && { body }) })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.match(/[/+]json\b/) && text !== ''
    return { status: response.status, headers: response.headers, text, json: (isJson ? JSON.parse(text) : {}) as Json }
  }

  const client: Client = {
    url,
    get: (path, options = {}, method = 'GET') => send(method, path, undefined, options),
    send: (method, path, body, options = {}) =>
      send(method, path, body === undefined || typeof body === 'string' ? body : JSON.stringify(body), options),
    post: (path, body, options = {}) => client.send('POST', path, body, options),
    async openWallet(opening, { currency = 'EUR', ...options } = {}) {
      const made = await client.post(
        '/wallets',
        { owners: ['Ann'], display_name: 'Ann', currency, ...(opening && { opening_balance: opening }) },
        options,
      )
      if (made.status !== 201) throw new Error(`no wallet: ${made.text}`)
      return made.json.id
    },
    balanceOf: async (wallet) => (await client.get(`/wallets/${wallet}`)).json.balance.value,
    effects: async () => JSON.parse((await client.get('/_test/effects?account=alice')).text) as Effects,
  }
  return client
}

/** A transfer's body. */
export const order = (source: string, destination: string, value: string, more: object = {}): object => ({
  source: { id: source },
  destination: { id: destination },
  amount: { value, currency: 'EUR' },
  ...more,
})
