import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { Claim } from '../../src/idempotency/record.ts'

/** A folder that is gone after the file's last test. */
export function temporaryFolder(): { readonly path: string; file(name: string): string } {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-sqlite-'))
  afterAll(() => rmSync(path, { recursive: true, force: true }))
  return { path, file: (name) => join(path, name) }
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
