import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A proxy on loopback between servers and their store, which can be slow, and can keep messages to itself. */
export interface StoreProxy {
  /** The store's URL by way of the proxy. */
  readonly url: string
  /** Delay of every message to the store, milliseconds. */
  delayMs: number
  /**
   * From now on keeps each message of a server that matches a global pattern, or keeps the reply to it. The result resolves when `count` have been kept; the
   * store has carried the messages out if replies are what is kept.
   */
  keep(what: 'messages' | 'replies', pattern: RegExp, count: number): Promise<void>
  /** Lets messages through again; what was kept stays lost, with its connection. */
  release(): void
  close(): Promise<void>
}

/** Starts a proxy in front of a store. */
export async function startStoreProxy(store: string): Promise<StoreProxy> {
  const target = new URL(store)
  const sockets = new Set<Socket>()
  const keeping: Socket[] = []
  let trap: { what: 'messages' | 'replies'; pattern: RegExp; left: number; sprung: () => void } | undefined

  const spring = (kept: number): void => {
    if (trap === undefined) return
    trap.left -= kept
    if (trap.left <= 0) trap.sprung()
  }

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    let isKept = false
    // Redis carries the calls of a whole process: several messages may come, and be answered, in one chunk.
    let unanswered = 0
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        // A reply that is kept stays away, also when the store that sent it is gone.
        if (!isKept || socket === client) for (const end of [client, upstream]) end.destroy()
      })
    }
    let sending = Promise.resolve()
    client.on('data', (chunk) => {
      const matches = trap === undefined ? 0 : [...chunk.toString('latin1').matchAll(trap.pattern)].length
      if (matches > 0) {
        isKept = true
        unanswered += matches
        keeping.push(client)
        if (trap?.what === 'messages') return spring(matches)
      }
      // As late as the network is, however much is on its way.
      const dueAt = performance.now() + proxy.delayMs
      sending = sending.then(() => sleep(Math.max(0, dueAt - performance.now()))).then(() => void upstream.write(chunk))
    })
    upstream.on('data', (chunk) => {
      if (!isKept) client.write(chunk)
      else if (trap?.what === 'replies') {
        spring(unanswered)
        unanswered = 0
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = Object.assign(new URL(store), { host: `127.0.0.1:${(server.address() as AddressInfo).port}` })
  const proxy: StoreProxy = {
    url: url.href,
    delayMs: 0,
    keep(what, pattern, count) {
      const { promise, resolve } = Promise.withResolvers<void>()
      trap = { what, pattern, left: count, sprung: resolve }
      return promise
    },
    release() {
      trap = undefined
      for (const client of keeping.splice(0)) client.destroy()
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return proxy
}
