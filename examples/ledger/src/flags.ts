import { parseArgs } from 'node:util'

const adapters = ['node', 'express', 'fastify', 'hono'] as const

/** How the ledger is to run. */
export interface Options {
  readonly host: string
  readonly port: number
  /** `memory:`, `sqlite:PATH` or `postgres://…` */
  readonly store: string
  readonly adapter: (typeof adapters)[number]
  readonly http: boolean
  /** Calls a second of each account, 0 for no limit. */
  readonly rate: number
  /** Calls an account may make at once. */
  readonly burst: number
  /** Where limits are kept: a store's URL, or `redis://...` */
  readonly limitsStore: string
  /** How many processes share the limits: each has its share of them while their store is away. */
  readonly nodes: number
  readonly testHooks: boolean
}

/** A flag that makes no sense. The message says which, and what would. */
export class FlagError extends Error {}

export const help = `The ledger: an example API of wallets and transfers, on Holdfast.

Usage: npm start -- [flags]

  --host HOST           address to listen on            [127.0.0.1]
  --port PORT           port, 0 for any free one        [8443]
  --store URL           memory:, sqlite:PATH or postgres://...
                                                        [$DATABASE_URL, else sqlite:./ledger.db]
  --limits-store URL    redis://... or one of the above: where rate limits are kept
                                                        [$REDIS_URL, else the store]
  --adapter NAME        node, express, fastify or hono  [node]
  --http                plain HTTP; default is HTTPS with a development CA in ./.holdfast
  --nodes N             processes that share the limits                  [1]
  --rate N              calls a second of each account, 0 for no limit   [50]
  --burst N             calls an account may make at once                [100]
  --test-hooks          routes under /_test/ that reset, count and break things
  --help                this text

Limits kept in Postgres or Redis are shared by all processes. While that server does not answer, each process goes on by itself
with its share of what it last said; --nodes is how many there are.

Idempotency records are sealed with $HOLDFAST_SECRET, by default with a secret made at the first start
and kept in ./.holdfast/secret. Processes that share a database need the same one.
`

const spec = {
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '8443' },
  store: { type: 'string' },
  'limits-store': { type: 'string' },
  adapter: { type: 'string', default: 'node' },
  http: { type: 'boolean', default: false },
  nodes: { type: 'string', default: '1' },
  rate: { type: 'string', default: '50' },
  burst: { type: 'string', default: '100' },
  'test-hooks': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

/** Reads the command line and the environment. `undefined` is a request for help. */
export function parseFlags(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): Options | undefined {
  const flags = parse(args)
  if (flags.help) return undefined
  const store = flags.store ?? (environment['DATABASE_URL'] || 'sqlite:./ledger.db')
  assertUrl(
    flags.store === undefined ? 'DATABASE_URL' : '--store',
    store,
    /^(?:memory:$|sqlite:.|postgres(?:ql)?:\/\/.)/,
    'memory:, sqlite:PATH or postgres://...',
  )
  const limits = flags['limits-store'] ?? (environment['REDIS_URL'] || store)
  const limitsFlag = flags['limits-store'] === undefined ? 'REDIS_URL' : '--limits-store'
  assertUrl(
    limitsFlag,
    limits,
    /^(?:rediss?:\/\/.|memory:$|sqlite:.|postgres(?:ql)?:\/\/.)/,
    'redis://..., memory:, sqlite:PATH or postgres://...',
  )
  return {
    host: flags.host === '' ? refuse('--host', flags.host, 'a host name or an address') : flags.host,
    port: toWhole('--port', flags.port, 0, 65_535),
    store,
    adapter: adapters.find((name) => name === flags.adapter) ?? refuse('--adapter', flags.adapter, adapters.join(', ')),
    http: flags.http,
    rate: toWhole('--rate', flags.rate, 0, 1_000_000),
    burst: toWhole('--burst', flags.burst, 1, 1_000_000),
    limitsStore: limits,
    nodes: toWhole('--nodes', flags.nodes, 1, 10_000),
    testHooks: flags['test-hooks'],
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: spec, strict: true, allowPositionals: false }).values
  } catch (error) {
    throw new FlagError((error as Error).message)
  }
}

function toWhole(flag: string, value: string, least: number, most: number): number {
  const number = Number(value)
  return /^\d+$/.test(value) && number >= least && number <= most ? number : refuse(flag, value, `a whole number from ${least} to ${most}`)
}

function assertUrl(flag: string, value: string, pattern: RegExp, expected: string): void {
  if (!pattern.test(value)) refuse(flag, value.replace(/:[^:@/]*@/, ':***@'), expected)
}

function refuse(flag: string, value: string, expected: string): never {
  throw new FlagError(`${flag}: expected ${expected}, got ${JSON.stringify(value)}`)
}
