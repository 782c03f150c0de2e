import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

interface Entry {
  readonly resolved?: string
  readonly link?: boolean
  readonly optionalDependencies?: Record<string, string>
}

const text = await readFile(join(import.meta.dirname, '../../package-lock.json'), 'utf8')
const { packages } = JSON.parse(text) as { packages: Record<string, Entry> }

describe('the lockfile', () => {
  it('fits every registry', () => {
    const resolved = Object.values(packages).filter((entry) => entry.link !== true && entry.resolved !== undefined)
    expect(resolved).toEqual([])
  })

  // npm drops those it cannot fetch when it writes the file, and npm ci then refuses the file everywhere.
  it('lists the packages for other platforms', () => {
    const named = Object.entries(packages).flatMap(([path, entry]) =>
      Object.keys(entry.optionalDependencies ?? {}).map((name) => [path, name]),
    )
    const missing = named.filter(([path, name]) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages))
    expect(missing).toEqual([])
  })
})
