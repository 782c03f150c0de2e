import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Guarantee } from '../../../src/idempotency/index.ts'
import { readyWord } from '../fixture/config.ts'
import type { FixtureConfig } from '../fixture/config.ts'
import { endProcess, startProcess } from './process.ts'
import type { TestProcess } from './process.ts'
import { startProvider } from './provider.ts'
import type { Provider } from './provider.ts'
import { openRows } from './rows.ts'

const program = new URL('../fixture/main.ts', import.meta.url)

/** A fixture server that takes calls. */
export interface FixtureServer extends TestProcess {
  readonly url: string
}

/** Several server processes over one store, and what their handlers did to the world. */
export interface Site {
  readonly provider: Provider
  start(change?: Partial<FixtureConfig>): Promise<FixtureServer>
  /** How often the call with this key took effect, counted where Holdfast has no part. */
  effectsOf(guarantee: Guarantee, key: string): Promise<number>
  /** Ends every process. */
  close(): Promise<void>
}

/** The labels of the steps that a resumable handler takes at the provider. */
export const remoteLabels = ['charge', 'ship', 'mail'] as const

/** Makes a site over `sqlite:`, a Postgres or a Redis. */
export async function openSite(store: string, change: Partial<FixtureConfig> = {}): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-chaos-'))
  const namespace = `chaos_${randomBytes(8).toString('hex')}`
  const provider = await startProvider()
  const config: FixtureConfig = {
    store: store === 'sqlite:' ? `sqlite:${join(folder, 'store.db')}` : store,
    namespace,
    effectsFile: join(folder, 'effects'),
    providerUrl: provider.url,
    leaseMs: 1_000,
    joinTimeoutMs: 15_000,
    storeTimeoutMs: 5_000,
    clockOffsetMs: 0,
    busyTimeoutMs: 5_000,
    ...change,
  }
  const rows = await openRows(config.store, namespace)
  const started: FixtureServer[] = []

  async function start(more: Partial<FixtureConfig> = {}): Promise<FixtureServer> {
    const child = startProcess(program, [JSON.stringify({ ...config, ...more })])
    const server: FixtureServer = { ...child, url: '' }
    started.push(server)
    const [, url = ''] = await child.says(new RegExp(`^${readyWord} (\\S+)$`, 'm'))
    return Object.assign(server, { url })
  }

  return {
    provider,
    start,
    async effectsOf(guarantee, key) {
      if (guarantee === 'exactly-once') return rows.count(key)
      if (guarantee !== 'resumable') {
        const lines = (await readFile(config.effectsFile, 'utf8').catch(() => '')).split('\n')
        return lines.filter((line) => line === key).length
      }
      // One effect is all four of its parts, and each part must have happened as often as the others.
      const parts = [await rows.count(key), ...remoteLabels.map((label) => provider.seen(key, label).effects)]
      return Math.max(...parts) === Math.min(...parts) ? Math.max(...parts) : Number.NaN
    },
    async close() {
      await Promise.all(started.map(endProcess))
      await provider.close()
      await rows.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
