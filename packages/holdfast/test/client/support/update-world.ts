import { update } from '../../../src/client/update/index.ts'
import type { UpdateOptions, Updated } from '../../../src/client/update/index.ts'
import type { VirtualTime } from '../../simulate/time.ts'
import { versionedServer } from './versioned-server.ts'
import type { VersionedServer, VersionedServerOptions } from './versioned-server.ts'
import { settle, virtual } from './virtual.ts'

export interface UpdateWorld<T> {
  readonly time: VirtualTime
  readonly random: () => number
  readonly server: VersionedServer<T>
  /** Of this world alone, because origins have a budget for repeats that all of a process share. */
  readonly url: string
  /** One update, run to its end. */
  run(fn: Parameters<typeof update<T>>[2], options?: UpdateOptions<T>): Promise<Updated<T>>
}

let worlds = 0

/** A server with one resource, ten milliseconds away. */
export function updateWorld<T>(options: VersionedServerOptions<T>, seed?: number): UpdateWorld<T> {
  const { time, random, wait } = virtual(seed)
  const server = versionedServer<T>({ wait, delay: () => 10, ...options })
  const url = `https://update-${++worlds}.example/wallets/w1`
  return {
    time,
    random,
    server,
    url,
    run: (fn, more = {}) => settle(time, update<T>(server.fetch, url, fn, { clock: time, random, ...more })),
  }
}

export const problemOf = (status: number, code?: string, headers: Record<string, string> = {}): Response =>
  Response.json(code === undefined ? {} : { code }, { status, headers })
