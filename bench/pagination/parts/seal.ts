import { createCursorSealer } from 'holdfast/pagination'
import { base64UrlCodec, codecPipe, createAesCodec, superJsonCodec } from 'kysely-cursor'
import { progress } from '../../harness/progress.ts'
import type { Row, Table } from '../../harness/report.ts'
import { spreadOf } from '../../harness/statistics.ts'
import type { Part } from '../part.ts'

/** Makes a token of a position and reads it again. */
interface Subject {
  readonly name: string
  readonly target?: Row['target']
  /** @param n another one each time */
  run(n: number): unknown
}

/** As long as a cursor of the ledger's wallets: 16 bytes of head, a timestamp and an id with their lengths. */
const plain = Buffer.from(`${'h'.repeat(16)}..2026-06-01 10:00:00.123456+00 AD..wal_01k2m3n4p5q6r7s8t9v0w1x2y3`)
const values = { created_at: new Date(), id: 'wal_01k2m3n4p5q6r7s8t9v0w1x2y3' }
const secret = 'a secret for cursors, of some length'
const target = { atMost: 50 }
const rounds = 15
const sliceMs = 40

function subjects(): readonly Subject[] {
  const sealer = createCursorSealer({ secrets: [secret], namespace: 'bench', list: 'wallets' })
  const aes = createAesCodec(secret)
  const plainCodec = codecPipe(superJsonCodec, base64UrlCodec)
  const sealedCodec = codecPipe(superJsonCodec, aes, base64UrlCodec)
  const through = (account: string): void => {
    const opened = sealer.open(account, sealer.seal(account, plain))
    if (typeof opened === 'string') throw new Error(opened)
  }
  return [
    { name: 'holdfast, one account', target, run: () => through('alice') },
    { name: 'holdfast, another account each time, with its key', run: (n) => through(`account ${n}`) },
    { name: 'kysely-cursor, readable by anyone', run: async () => plainCodec.decode(await plainCodec.encode(values)) },
    { name: 'kysely-cursor, encrypted', run: async () => sealedCodec.decode(await sealedCodec.encode(values)) },
  ]
}

/** Processor time, since scrypt works on other threads. */
async function measure({ run }: Subject, from: number): Promise<number> {
  const before = process.cpuUsage()
  const until = performance.now() + sliceMs
  let runs = 0
  while (performance.now() < until) await run(from + runs++)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / runs
}

/** What a cursor costs. */
export const seal: Part = {
  name: 'seal',
  title: 'sealing and opening a cursor',
  isPromise: false,
  async run() {
    const all = subjects()
    const measured: number[][] = all.map(() => [])
    for (let round = -3; round < rounds; round++) {
      for (const [index, subject] of all.entries()) {
        const us = await measure(subject, (round + 3) * 1_000_000)
        if (round >= 0) measured[index]?.push(us)
      }
      if (round % 5 === 4) progress(`  round ${round + 1} of ${rounds}`)
    }
    const token = createCursorSealer({ secrets: [secret], namespace: 'bench', list: 'wallets' }).seal('alice', plain)
    const rows = all.map(({ name, target: aim }, index): Row => ({
      name,
      measured: spreadOf(measured[index] ?? []),
      ...(aim && { target: aim }),
    }))
    const spread = rows.map(({ measured: us }) => `${us?.min.toFixed(1)}-${us?.max.toFixed(1)}`).join(', ')
    const notes = [`a token of ${token.length} characters for ${plain.length} bytes; ${rounds} rounds, from lowest to highest ${spread}`]
    const table: Table = { title: 'A cursor, sealed and opened', unit: 'us CPU', notes, rows }
    return [table]
  },
}
