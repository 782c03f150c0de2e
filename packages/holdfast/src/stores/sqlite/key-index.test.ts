import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import type { KeyRecord } from '../../idempotency/record.ts'
import { seededRandom } from '../../testing/index.ts'
import { temporaryFolder } from '../../../test/sqlite/support.ts'
import { openWriter } from './connection.ts'
import type { Connection } from './connection.ts'
import { openNodeSqlite } from './driver.ts'
import { hashOf } from './key-hash.ts'
import { KeyIndex } from './key-index.ts'
import { deleteExpired, loadRecord, saveRecord } from './records.ts'
import { migrate, readMeta } from './schema.ts'

const folder = temporaryFolder()

/** One process: a connection, and what it knows. */
function join(name: string, batchSize: number) {
  const connection = openWriter(openNodeSqlite, folder.file(name), 500)
  migrate(connection)
  const keys = new KeyIndex(batchSize)
  return {
    connection,
    keys,
    insert: (id: string, expiresAt = 1000) => saveRecord(connection, keys, undefined, recordOf(id, expiresAt)),
    knows: (id: string) => loadRecord(connection, keys, id)?.id === id,
    /** A transaction as the queue runs it. */
    transaction(body: () => void, end: 'COMMIT' | 'ROLLBACK' = 'COMMIT') {
      connection.exec('BEGIN IMMEDIATE')
      keys.refresh(connection)
      body()
      keys.beforeCommit(connection)
      connection.exec(end)
      if (end === 'COMMIT') keys.committed()
      else keys.rolledBack()
    },
  }
}

type Process = ReturnType<typeof join>

function recordOf(id: string, expiresAt: number): KeyRecord {
  return {
    id,
    scope: 's',
    fingerprint: 'f',
    state: 'done',
    owner: 'o',
    attempt: 1,
    leaseUntil: undefined,
    progress: undefined,
    answer: new Uint8Array(1),
    createdAt: 0,
    completedAt: 0,
    expiresAt,
  }
}

const count = (connection: Connection, table: string): number =>
  (connection.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n
const names = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, index) => `k${from + index}`)

describe('the index of keys', () => {
  it('finds every key while rows move into it, and after a restart at any point', () => {
    const process = join('moves.db', 50)
    for (let at = 0; at < 400; at += 10) {
      process.transaction(() => names(at, at + 10).forEach((id) => process.insert(id)))
      for (const id of names(0, at + 10)) expect([id, process.knows(id)]).toEqual([id, true])
      const restarted = join('moves.db', 50)
      restarted.keys.refresh(restarted.connection)
      for (const id of names(0, at + 10)) expect([id, restarted.knows(id)]).toEqual([id, true])
      restarted.connection.close()
    }
    expect(count(process.connection, 'holdfast_key_index')).toBeGreaterThan(200)
    expect(Number(readMeta(process.connection, 'indexed-to'))).toBeGreaterThan(200)
    process.connection.close()
  })

  it('does not write an index page for each key: rows of a batch enter together', () => {
    const process = join('batches.db', 1000)
    process.transaction(() => names(0, 1000).forEach((id) => process.insert(id)))
    expect(count(process.connection, 'holdfast_key_index')).toBe(0)
    process.transaction(() => names(1000, 1050).forEach((id) => process.insert(id)))
    const hashes = process.connection.prepare('SELECT DISTINCT (hash >> 24) & 255 AS bucket FROM holdfast_key_index').all()
    expect(count(process.connection, 'holdfast_key_index')).toBeGreaterThanOrEqual(50)
    expect(hashes.length).toBeLessThan(20)
    process.connection.close()
  })

  it('learns the keys of another process, those in its index and those not yet', () => {
    const [one, two] = [join('two.db', 20), join('two.db', 20)]
    for (let at = 0; at < 200; at += 10) {
      const [writer, other] = at % 20 === 0 ? [one, two] : [two, one]
      writer.transaction(() => names(at, at + 10).forEach((id) => writer.insert(id)))
      other.transaction(() => {
        for (const id of names(0, at + 10)) expect([id, other.knows(id)]).toEqual([id, true])
      })
    }
    one.connection.close()
    two.connection.close()
  })

  it('is not misled by numbers that were given in a transaction that was rolled back', () => {
    const [one, two] = [join('rolled-back.db', 4), join('rolled-back.db', 4)]
    one.transaction(() => names(0, 8).forEach((id) => one.insert(id)), 'ROLLBACK')
    two.transaction(() => names(20, 40).forEach((id) => two.insert(id)))
    one.transaction(() => {
      for (const id of names(0, 8)) expect([id, one.knows(id)]).toEqual([id, false])
      for (const id of names(20, 40)) expect([id, one.knows(id)]).toEqual([id, true])
    })
    one.connection.close()
    two.connection.close()
  })

  it('is not misled by numbers of one job that was undone, also when they are the last of a batch', () => {
    const [one, two, late] = [join('undone.db', 2), join('undone.db', 2), join('undone.db', 2)]
    one.transaction(() => {
      names(0, 3).forEach((id) => one.insert(id))
      one.connection.exec('SAVEPOINT job')
      names(10, 13).forEach((id) => one.insert(id))
      one.connection.exec('ROLLBACK TO job; RELEASE job')
    })
    two.transaction(() => names(20, 23).forEach((id) => two.insert(id)))
    for (let more = 0; more < 100; more++) one.transaction(() => names(100 + 4 * more, 104 + 4 * more).forEach((id) => one.insert(id)))
    late.keys.refresh(late.connection)
    for (const process of [one, late]) {
      for (const id of [...names(0, 3), ...names(20, 23)]) expect([id, process.knows(id)]).toEqual([id, true])
      for (const id of names(10, 13)) expect([id, process.knows(id)]).toEqual([id, false])
    }
    for (const { connection } of [one, two, late]) connection.close()
  })

  it('keeps two keys apart whose hashes are the same', () => {
    const [first, second] = ['k32728', 'k261234']
    expect(hashOf(first)).toBe(hashOf(second))
    const process = join('same-hash.db', 100)
    process.transaction(() => process.insert(first))
    expect([process.knows(first), process.knows(second)]).toEqual([true, false])
    process.transaction(() => process.insert(second))
    for (let at = 0; at < 400; at += 20) {
      expect([process.knows(first), process.knows(second)]).toEqual([true, true])
      process.transaction(() => names(at, at + 20).forEach((id) => process.insert(id)))
    }
    process.connection.close()
  })

  it('loses the entries of rows that are deleted, wherever they are, and never gives their numbers again', () => {
    const [one, two] = [join('deleted.db', 10), join('deleted.db', 10)]
    for (let at = 0; at < 100; at += 5) one.transaction(() => names(at, at + 5).forEach((id) => one.insert(id)))
    two.keys.refresh(two.connection)
    one.transaction(() => expect(deleteExpired(one.connection, one.keys, 1000, 1000)).toBe(100))
    expect(count(one.connection, 'holdfast_key_index')).toBe(0)
    one.transaction(() => names(50, 55).forEach((id) => one.insert(id)))
    two.keys.refresh(two.connection)
    for (const process of [one, two])
      for (const id of names(0, 100)) expect([id, process.knows(id)]).toEqual([id, names(50, 55).includes(id)])
    one.connection.close()
    two.connection.close()
  })

  it.each([1, 2, 3, 4])('never loses a key of three processes that write, delete, fail and restart in any order (seed %i)', (seed) => {
    const random = seededRandom(seed)
    const below = (limit: number): number => Math.floor(random() * limit)
    const [name, batchSizes] = [`random-${seed}.db`, [7, 40, 90]]
    const processes = batchSizes.map((size) => join(name, size))
    const stored = new Set<string>()
    for (let turn = 0; turn < 300; turn++) {
      const at = below(3)
      const process = processes[at] as Process
      const inserted: string[] = []
      const insert = (): void => {
        const id = `k${below(100_000)}`
        if (stored.has(id) || inserted.includes(id)) return
        expect([id, process.knows(id)]).toEqual([id, false])
        process.insert(id, id.endsWith('7') ? 10 : 1000)
        inserted.push(id)
      }
      const isKept = random() < 0.8
      const isCollecting = random() < 0.2
      process.transaction(
        () => {
          for (const id of [...stored].slice(-50)) expect([turn, id, process.knows(id)]).toEqual([turn, id, true])
          for (let more = below(12); more >= 0; more--) insert()
          if (random() < 0.3) {
            process.connection.exec('SAVEPOINT job')
            const kept = inserted.length
            for (let more = below(5); more >= 0; more--) insert()
            process.connection.exec('ROLLBACK TO job; RELEASE job')
            inserted.length = kept
          }
          if (isCollecting) deleteExpired(process.connection, process.keys, 10, 1000)
        },
        isKept ? 'COMMIT' : 'ROLLBACK',
      )
      if (isKept) for (const id of inserted) stored.add(id)
      if (isKept && isCollecting) for (const id of stored) if (id.endsWith('7')) stored.delete(id)
      if (random() < 0.05) {
        process.connection.close()
        processes[at] = join(name, batchSizes[at] as number)
      }
      if (turn % 50 === 0)
        for (const one of processes) one.transaction(() => expect([...stored].filter((id) => !one.knows(id))).toEqual([]))
    }
    for (const { connection } of processes) connection.close()
  })

  it('is made for a file of an older release, whose rows are all found', () => {
    const path = folder.file('version-1.db')
    const old = new DatabaseSync(path)
    old.exec(versionOne)
    const insert = old.prepare("INSERT INTO holdfast_keys VALUES (?, 's', 'f', 'done', 'o', 1, NULL, NULL, x'07', 0, 0, 1000)")
    old.exec('BEGIN')
    for (const id of names(0, 2500)) insert.run(id)
    old.exec('COMMIT')
    old.close()
    const process = join('version-1.db', 10)
    process.keys.refresh(process.connection)
    expect(names(0, 2500).filter((id) => !process.knows(id))).toEqual([])
    expect(loadRecord(process.connection, process.keys, 'k7')).toMatchObject({ answer: new Uint8Array([7]), expiresAt: 1000 })
    expect(count(process.connection, 'holdfast_key_index')).toBe(2500)
    process.connection.close()
  })
})

const versionOne = `
CREATE TABLE holdfast_meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO holdfast_meta VALUES ('log-restarts', 0), ('schema-version', 1), ('oldest-compatible', 1);
CREATE TABLE holdfast_keys (
  id TEXT NOT NULL UNIQUE, scope TEXT NOT NULL, fingerprint TEXT NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL, attempt INTEGER NOT NULL,
  lease_until INTEGER, progress BLOB, answer BLOB, created_at INTEGER NOT NULL, completed_at INTEGER, expires_at INTEGER
);
CREATE INDEX holdfast_keys_by_expiry ON holdfast_keys (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX holdfast_keys_by_scope ON holdfast_keys (scope, expires_at);
`
