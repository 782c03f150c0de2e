import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll } from 'vitest'
import type { SyncFile } from '../../src/stores/sqlite/durability.ts'
import type { Claim } from '../../src/idempotency/record.ts'

/** A folder that is gone after the file's last test. */
export function temporaryFolder(): { readonly path: string; file(name: string): string } {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-sqlite-'))
  afterAll(() => rmSync(path, { recursive: true, force: true }))
  return { path, file: (name) => join(path, name) }
}

/** Opens files with node:sqlite, and keeps the connections, the writer first. */
export function recordingOpen(): { readonly connections: DatabaseSync[]; readonly open: (path: string) => DatabaseSync } {
  const connections: DatabaseSync[] = []
  return {
    connections,
    open(path) {
      const connection = new DatabaseSync(path)
      connections.push(connection)
      return connection
    },
  }
}

export function claimOf(id: string, owner: string, more: Partial<Claim> = {}): Claim {
  return {
    id,
    owner,
    scope: 'account',
    fingerprint: 'f',
    leaseMs: 30_000,
    onOrphan: 'unknown',
    unknownRetentionMs: 3_600_000_000,
    retentionMs: 3_600_000,
    ...more,
  }
}

/** A sync that waits to be let through. */
export function heldSync(): {
  readonly syncFile: SyncFile
  readonly waiting: PromiseWithResolvers<void>[]
  hold(): void
  release(): void
} {
  const waiting: PromiseWithResolvers<void>[] = []
  let isOpen = true
  return {
    syncFile: {
      sync() {
        const one = Promise.withResolvers<void>()
        if (isOpen) one.resolve()
        else waiting.push(one)
        return one.promise
      },
      close: () => Promise.resolve(),
    },
    waiting,
    hold: () => void (isOpen = false),
    release: () => {
      isOpen = true
      for (const { resolve } of waiting.splice(0)) resolve()
    },
  }
}

/** Lets the event loop turn. */
export const turns = async (count = 20): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate)
}
