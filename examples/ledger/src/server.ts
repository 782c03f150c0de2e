import { createServer as createHttpServer } from 'node:http'
import type { Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Api } from 'holdfast'
import { mount } from './adapters/index.ts'
import { createApp } from './app.ts'
import { assertSameSecret, openDatabase } from './database/open.ts'
import { accountLimits } from './limits.ts'
import { openLimitsStore } from './limits-store.ts'
import { reportStores } from './report-stores.ts'
import { developmentCertificate } from './development-ca.ts'
import { checkLists } from './check-lists.ts'
import type { Options } from './flags.ts'

/** A ledger that accepts connections. */
export interface RunningLedger {
  readonly url: string
  /** Takes no more connections, lets running calls finish, closes the database. */
  stop(): Promise<void>
}

// A caller that sends this slowly is broken, or means harm.
const timeouts = { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 30_000, connectionsCheckingInterval: 1000 }
const drainTimeoutMs = 25_000
const dayMs = 86_400_000

/** Starts the ledger. */
export async function startLedger(options: Options, secret: string): Promise<RunningLedger> {
  const database = await openDatabase(options.store)
  const limitsStore = await openLimitsStore(options.limitsStore, options.store, database)
  const stopReporting = reportStores((line) => console.error(line))
  const app = createApp({
    database,
    secret,
    withTestHooks: options.testHooks,
    limits: accountLimits(options),
    limitsStore: limitsStore.store,
    nodes: options.nodes,
  })
  await assertSameSecret(database, secret)
  await assertSafe(app.api)
  for (const { message } of await checkLists(database)) console.error(`list-without-index: ${message}`)
  const listener = app.listening(await mount(options.adapter, app))
  const server = options.http ? createHttpServer(timeouts) : await createSecureServer()
  server.on('request', listener)
  await listen(server, options)
  return {
    url: `${options.http ? 'http' : 'https'}://${hostIn(options.host)}:${(server.address() as AddressInfo).port}`,
    async stop() {
      await close(server, app.api.drain())
      app.close()
      stopReporting()
      await limitsStore.close()
      await database.close()
    },
  }
}

/** Better no ledger than one whose database breaks what it promises. */
async function assertSafe(api: Api): Promise<void> {
  for (const { severity, code, message } of await api.doctor()) {
    if (severity === 'error') throw new Error(`${code}: ${message}`)
    console.error(`${code}: ${message}`)
  }
}

async function createSecureServer(): Promise<Server> {
  const server = createHttpsServer({ ...timeouts, ...(await developmentCertificate()), minVersion: 'TLSv1.2' })
  const renew = (): void => void developmentCertificate().then((renewed) => server.setSecureContext(renewed), console.error)
  const timer = setInterval(renew, dayMs).unref()
  return server.on('close', () => clearInterval(timer))
}

function listen(server: Server, { host, port }: Options): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** Stops listening; once the calls are drained, ends each connection as soon as nothing runs on it. */
async function close(server: Server, drained: Promise<void>): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.prependListener('request', (_request, response) => void response.setHeader('connection', 'close'))
  const giveUp = setTimeout(() => server.closeAllConnections(), drainTimeoutMs)
  await Promise.race([drained, closed])
  const sweep = setInterval(() => server.closeIdleConnections(), 20)
  await closed
  clearInterval(sweep)
  clearTimeout(giveUp)
}

/** A host as it stands in a URL; who listens on every address is reached on this machine's own. */
function hostIn(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
