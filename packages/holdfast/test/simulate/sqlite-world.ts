import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { idempotency } from '../../src/idempotency/index.ts'
import type { IdempotencyStore } from '../../src/idempotency/index.ts'
import { openDatabase } from '../../src/stores/sqlite/database.ts'
import { openNodeSqlite } from '../../src/stores/sqlite/driver.ts'
import type { SqliteDatabase, SqliteDriver } from '../../src/stores/sqlite/driver.ts'
import type { Effect } from './check.ts'
import type { Process } from './process.ts'
import { createServer } from './server.ts'
import type { Backend, BackendParts } from './world.ts'

const schema = 'CREATE TABLE IF NOT EXISTS effects (account TEXT NOT NULL, key TEXT NOT NULL, payload TEXT NOT NULL)'

/** Processes that share one SQLite file: effects and answers in one commit, rolled back by SQLite itself when a process dies. */
export function sqliteBackend({ time, chance, history, mutant, promised, onFault, onWork }: BackendParts): Backend {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-simulate-'))
  const path = join(folder, 'world.db')
  const opened = new Map<Process, Set<SqliteDriver>>()
  const remembered = new Map<string, string>()

  function openFor(process: Process): SqliteDriver {
    if (!process.isAlive) throw new Error('the process is dead')
    const driver = openNodeSqlite(path)
    opened.set(process, (opened.get(process) ?? new Set()).add(driver))
    return driver
  }

  function crash(process: Process): void {
    for (const driver of opened.get(process) ?? []) driver.close()
    opened.delete(process)
  }

  return {
    start(process, generation) {
      const database = openDatabase({
        path,
        open: () => openFor(process),
        busyTimeoutMs: 5_000,
        holdLimitMs: 5_000,
        clock: time,
        // Power cuts are not simulated here, and a disk's time would not be virtual.
        syncFile: { sync: () => Promise.resolve(), close: () => Promise.resolve() },
      })
      onWork(1)
      void database.group.run((transaction) => transaction.inSavepoint(() => transaction.exec(schema))).finally(() => onWork(-1))
      const local = untilDeath(database.idempotency, process, onWork)
      const store = mutant?.store?.(local, { process, memory: remembered, judgeBy: () => {} }) ?? local
      let owners = 0
      const policy = idempotency({
        store,
        guarantee: promised,
        account: (head) => head.headers.get('x-account') ?? undefined,
        secret: 'the secret of the simulation',
        storeTimeoutMs: 1_000,
        clock: process.clock,
        random: () => chance.at('random', process.name, generation, owners++),
        newOwner: () => `${process.name}.${generation}.${owners++}`,
        ...mutant?.options,
      })
      return createServer({
        process,
        policy,
        time,
        chance,
        history,
        onFault,
        onDeath: () => crash(process),
        isTransactional: true,
        takeEffect: ({ account, key, payload }, transaction) =>
          void (transaction as SqliteDatabase)
            .prepare('INSERT INTO effects (account, key, payload) VALUES (?, ?, ?)')
            .run(account, key, payload),
      })
    },
    crash,
    effects() {
      const driver = openNodeSqlite(path)
      const effects = driver.prepare('SELECT account, key, payload FROM effects').all() as Effect[]
      driver.close()
      return Promise.resolve(effects)
    },
    close() {
      for (const process of opened.keys()) crash(process)
      rmSync(folder, { recursive: true })
      return Promise.resolve()
    },
  }
}

/**
 * Lets nothing come back to a dead process, and counts what is under way: SQLite works in real time, so virtual time stands still until it
 * is done.
 */
function untilDeath(store: Required<IdempotencyStore>, process: Process, onWork: (change: 1 | -1) => void): IdempotencyStore {
  const waits =
    <Arguments extends unknown[], Result>(operation: (...given: Arguments) => Promise<Result>) =>
    (...given: Arguments): Promise<Result> =>
      new Promise((resolve, reject) => {
        onWork(1)
        let isOver = false
        const over = (settle: () => void) => (): void => {
          if (isOver) return
          isOver = true
          onWork(-1)
          process.deliver(settle)
        }
        process.onDeath(over(() => {}))
        operation(...given).then(
          (result) => over(() => resolve(result))(),
          (error: unknown) => over(() => reject(error as Error))(),
        )
      })
  return {
    name: store.name,
    guarantees: store.guarantees,
    durable: store.durable,
    claim: waits((claim) => store.claim(claim)),
    complete: waits((completion) => store.complete(completion)),
    release: waits((id, owner, retentionMs) => store.release(id, owner, retentionMs)),
    abandon: waits((id, owner, retentionMs) => store.abandon(id, owner, retentionMs)),
    heartbeat: waits((id, owner, leaseMs) => store.heartbeat(id, owner, leaseMs)),
    resolve: waits((resolution) => store.resolve(resolution)),
    lookup: waits((id) => store.lookup(id)),
    collect: waits((limit) => store.collect(limit)),
    doctor: () => store.doctor(),
    transact: waits((claim, body) => store.transact(claim, body)),
  }
}
