import { close, fdatasync, fsync, open } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { storeUnavailable } from '../../core/index.ts'

/** Puts on the disk what was committed. */
export interface Durability {
  /** Resolves when everything that was committed before this call is on the disk. */
  sync(): Promise<void>
  readonly isSyncing: boolean
  /** Resolves when the syncs that were asked for so far have ended; rejects when one of them failed. */
  settled(): Promise<void>
  /** Whether a sync failed. Nothing counts as durable then, until the log was written anew and `restored` says so. */
  readonly isSuspect: boolean
  restored(): void
  close(): Promise<void>
}

/** Puts one file on the disk. Replaced in tests, which look at the order of syncs and replies. */
export interface SyncFile {
  sync(): Promise<void>
  close(): Promise<void>
}

const done = Promise.resolve()

/** Nothing to sync: a database in memory. */
export const volatile: Durability = {
  sync: () => done,
  isSyncing: false,
  settled: () => done,
  isSuspect: false,
  restored: () => {},
  close: () => done,
}

/**
 * Coalesces syncs: one is under way at a time, and everyone who asks meanwhile shares the next. The kernel runs syncs of one file
 * one after the other anyway; sharing them is what makes 64 callers cost little more than one.
 */
export function createDurability(file: SyncFile): Durability {
  let current: Promise<void> | undefined
  let next: Promise<void> | undefined
  let isSuspect = false

  async function once(): Promise<void> {
    // After a failed sync the kernel may drop the pages and report success the second time: asking again proves nothing.
    if (isSuspect) throw storeUnavailable('an earlier sync of the write-ahead log failed; what it held is being written anew')
    try {
      await file.sync()
    } catch (error) {
      isSuspect = true
      throw storeUnavailable('the write-ahead log could not be put on the disk', error)
    }
  }

  function launch(): Promise<void> {
    next = undefined
    const launched = once()
    current = launched
    const end = (): void => {
      if (next === undefined) current = undefined
    }
    launched.then(end, end)
    return launched
  }

  return {
    sync() {
      if (current === undefined) return launch()
      return (next ??= current.then(launch, launch))
    },
    get isSyncing() {
      return current !== undefined
    },
    settled: () => next ?? current ?? (isSuspect ? once() : done),
    get isSuspect() {
      return isSuspect
    },
    restored() {
      isSuspect = false
    },
    async close() {
      await (next ?? current)?.catch(() => {})
      await file.close()
    },
  }
}

const openFile = promisify(open)
const closeFile = promisify(close)
const syncData = promisify(fdatasync)

/**
 * Syncs the write-ahead log of a database through a file descriptor of its own. Only the log is ever opened here: closing any
 * descriptor of the database file or its -shm drops the POSIX locks SQLite holds on it (https://sqlite.org/howtocorrupt.html, 2.2);
 * the log carries none. The log stays the same file for as long as a connection is open.
 */
export function syncLog(path: string): SyncFile {
  let opened: Promise<number> | undefined
  return {
    async sync() {
      // Windows flushes only what a descriptor may write.
      opened ??= openLog(path).catch((error: unknown) => {
        opened = undefined
        throw error
      })
      await syncData(await opened)
    },
    async close() {
      const descriptor = await opened?.catch(() => undefined)
      if (descriptor !== undefined) await closeFile(descriptor)
    },
  }
}

async function openLog(path: string): Promise<number> {
  await syncFolder(dirname(path))
  return openFile(`${path}-wal`, 'r+')
}

/** A file is found again after a power cut only when its name is on the disk too. Windows cannot open a folder, and needs not. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const descriptor = await openFile(folder, 'r')
  try {
    await promisify(fsync)(descriptor)
  } finally {
    await closeFile(descriptor)
  }
}
