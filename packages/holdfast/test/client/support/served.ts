import { Agent } from 'undici'
import { afterEach } from 'vitest'
import { undiciFetch } from '../../../src/client/undici/index.ts'
import { startFaultyServer } from './faulty-server.ts'
import type { FaultyServer, Handler } from './faulty-server.ts'

/** What a test has opened, to be closed after it. */
export const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

/** Starts a server for one test. */
export async function serve(handle: Handler): Promise<FaultyServer> {
  const server = await startFaultyServer(handle)
  cleanups.push(() => server.close())
  return server
}

/** A transport over connections of its own, for one test. */
export function overUndici(): ReturnType<typeof undiciFetch> {
  const agent = new Agent()
  cleanups.push(() => agent.destroy())
  return undiciFetch(agent)
}
