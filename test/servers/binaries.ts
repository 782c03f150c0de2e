import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

// Debian keeps Postgres out of PATH, one folder a major version; Homebrew keeps kegs out of it too.
const versionedFolders = ['/usr/lib/postgresql', '/usr/pgsql', '/opt/homebrew/opt', '/usr/local/opt']

/** The full path of a server's program: from PATH, else the newest of the versioned folders. `undefined` when it is not installed. */
export function findBinary(name: string): string | undefined {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return [...onPath, ...versionedFolders.flatMap(binFolders)].map((folder) => join(folder, name)).find(isExecutable)
}

function binFolders(folder: string): string[] {
  try {
    const newestFirst = readdirSync(folder).toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    return newestFirst.map((version) => join(folder, version, 'bin'))
  } catch {
    return []
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
