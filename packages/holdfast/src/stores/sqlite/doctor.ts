import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Finding } from '../../idempotency/store.ts'
import { measureLog } from './checkpoint.ts'
import { isMemory } from './connection.ts'
import type { Connection } from './connection.ts'
import { canCheckpointBeside, hasWalResetBug, versionOf } from './version.ts'

// statfs(2) types. Their locks and shared memory do not reach other machines, and some not even other processes.
const networkFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x517b, 'SMB'],
  [0x01021997, '9P'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
])

// A group of 64 answers of the longest kind, in the log and in the file, fits into this.
const leastFreeBytes = 128 * 1024 * 1024
// 256 MB: four times what the log grows to before it starts anew.
const longLogFrames = 64_000

/** Looks for what would break a promise of the store. */
export async function examine(path: string, reader: Connection, write: () => Promise<void>): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  if (isMemory(path)) findings.push(warning('sqlite-memory', 'the database is in memory and lost on exit; open a file to keep records.'))
  else findings.push(...(await examineFileSystem(path)))
  try {
    if (!isMemory(path)) findings.push(...examineSettings(reader))
    await write()
  } catch (error) {
    const cause = String(error instanceof Error && error.cause ? error.cause : error)
    findings.push(problem('sqlite-not-writable', `a test write failed: ${cause}. Check space, permissions and other writers.`))
  }
  return findings
}

function examineSettings(reader: Connection): Finding[] {
  const findings: Finding[] = []
  const mode = String(pragma(reader, 'journal_mode'))
  if (mode !== 'wal')
    findings.push(
      problem('sqlite-not-wal', `journal_mode is ${mode}: replies are not held back until their commit is on the disk. Leave it at WAL.`),
    )
  const version = versionOf(reader)
  if (hasWalResetBug(version))
    findings.push(
      warning(
        'sqlite-wal-reset-bug',
        `SQLite ${version} may, at the worst moment, corrupt a file that several connections write. Upgrade Node or the driver to SQLite 3.51.3.`,
      ),
    )
  if (canCheckpointBeside(version) && measureLog(reader).log > longLogFrames)
    findings.push(
      warning(
        'sqlite-log-too-long',
        `the write-ahead log holds more than ${longLogFrames} pages; a connection with a long read keeps it from starting anew.`,
      ),
    )
  return findings
}

async function examineFileSystem(path: string): Promise<Finding[]> {
  const { type, bavail, bsize } = await statfs(dirname(path))
  const findings: Finding[] = []
  const network = networkFileSystems.get(type)
  if (network !== undefined)
    findings.push(
      problem(
        'sqlite-network-file-system',
        `the file lies on ${network}: WAL needs shared memory on one machine. Use a local disk, or Postgres.`,
      ),
    )
  if (bavail * bsize < leastFreeBytes)
    findings.push(
      warning(
        'sqlite-disk-nearly-full',
        `the disk has ${Math.floor((bavail * bsize) / 1_048_576)} MB left; writes will be refused when it is full.`,
      ),
    )
  return findings
}

function pragma(connection: Connection, name: string): unknown {
  return Object.values(connection.prepare(`PRAGMA ${name}`).get() as object)[0]
}

function problem(code: string, message: string): Finding {
  return { severity: 'error', code, message }
}

function warning(code: string, message: string): Finding {
  return { severity: 'warning', code, message }
}
