import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { endProcess, startProcess } from '../chaos/support/process.ts'
import { seededRandom } from '../../src/testing/index.ts'
import { startCountingServer } from './counting-server.ts'

/** Where a program is killed. `sent`: after the effect of its request, before the answer. A number: so many milliseconds after it started. */
export type Death = 'committed' | 'taken' | 'sent' | 'answered' | number

/** What a run of deaths came to. */
export interface KillReport {
  readonly kills: number
  readonly entries: number
  /** Requests the server got; each beyond one an entry is a send that was repeated. */
  readonly requests: number
  /** Entries that did not have exactly one effect, or were sent under two keys. */
  readonly violations: readonly string[]
}

/** Where the program dies, drawn from a seed: half of them at one of the named points, half of them at any moment. */
export function drawDeaths(kills: number, seed: number): Death[] {
  const random = seededRandom(seed)
  const points = ['committed', 'taken', 'sent', 'answered'] as const
  return Array.from({ length: kills }, (_, index) => (index % 2 === 0 ? (points[Math.floor(random() * 4)] as Death) : random() * 150))
}

const program = new URL('fixture/main.ts', import.meta.url)

/**
 * Runs the program again and again on one outbox, killed by SIGKILL each time, and once more to its end; then looks at what the server has.
 *
 * @param store `sqlite` makes a file; else the URL of a Postgres
 */
export async function runDeaths(
  store: string,
  deaths: readonly Death[],
  entries: number,
  onDeath: (death: Death, kills: number) => void = () => {},
): Promise<KillReport> {
  const folder = await mkdtemp(join(tmpdir(), 'outbox-kill-'))
  const table = `outbox_${randomUUID().replaceAll('-', '').slice(0, 20)}`
  const server = await startCountingServer(10)
  const place = store === 'sqlite' ? ['--store', join(folder, 'outbox.db')] : ['--store', store, '--table', table]
  const start = (...more: string[]): ReturnType<typeof startProcess> =>
    startProcess(program, [...place, '--server', server.url, '--entries', String(entries), ...more])
  let kills = 0
  try {
    for (const death of deaths) {
      const isOwn = death === 'committed' || death === 'taken' || death === 'answered'
      const child = start(...(isOwn ? ['--die-at', death, '--after', '3'] : []))
      if (death === 'sent') {
        let left = 3
        server.onEffect = () => void (--left === 0 && child.kill('SIGKILL'))
      }
      if (typeof death === 'number') {
        await child.says(/started/)
        await sleep(death)
        child.kill('SIGKILL')
      }
      const { signal } = await child.ended
      server.onEffect = () => {}
      if (signal === 'SIGKILL') kills += 1
      onDeath(death, kills)
    }
    const last = start()
    try {
      await last.says(/finished/)
      await last.ended
    } finally {
      await endProcess(last)
    }
    return { kills, entries, requests: [...server.requests.values()].flat().length, violations: check(server, entries) }
  } finally {
    await server.close()
    await rm(folder, { recursive: true, force: true })
    if (store !== 'sqlite') await drop(store, table)
  }
}

function check({ effects, requests, order }: Awaited<ReturnType<typeof startCountingServer>>, entries: number): string[] {
  const found: string[] = []
  for (let entry = 0; entry < entries; entry++) {
    if (effects.get(entry) !== 1) found.push(`entry ${entry} had ${effects.get(entry) ?? 0} effects`)
    const keys = new Set(requests.get(entry))
    if (keys.size > 1) found.push(`entry ${entry} was sent under ${keys.size} keys`)
  }
  for (const lane of [0, 1, 2]) {
    const seen = order.filter((entry) => entry % 3 === lane)
    if (seen.some((entry, index) => index > 0 && entry < (seen[index - 1] as number)))
      found.push(`lane ${lane} was sent out of order: ${seen.join()}`)
  }
  return found
}

async function drop(url: string, table: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`DROP TABLE IF EXISTS ${table}`)
  await client.end()
}
