import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { steps } from '../../scripts/steps.mjs'

const root = join(import.meta.dirname, '../..')
const readJson = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'))

const limits = readJson('.size-limit.json') as { name: string; path: string; limit: string; gzip: boolean }[]
const manifest = readJson('packages/holdfast/package.json') as { exports: Record<string, unknown> }
const subpaths = Object.entries(manifest.exports).flatMap(([name, target]) =>
  typeof target === 'string' ? [] : [name.replace('.', 'holdfast')],
)

describe('the size of bundles', () => {
  it.each(subpaths)('%s has a limit', (subpath) => {
    const file = subpath === 'holdfast' ? 'index' : subpath.replace('holdfast/', '')
    expect(limits.map(({ name, path }) => [name, path])).toContainEqual([subpath, `.bundles/${file}.js`])
  })

  it.each(['client-core', 'client-fetch', 'client-without-outbox'])('the part %s of the client has a limit [75]', (part) => {
    expect(limits.map(({ path }) => path)).toContain(`.bundles/${part}.js`)
    expect(readFileSync(join(root, 'scripts/bundle.mjs'), 'utf8')).toContain(`'${part}':`)
  })

  it('is checked by npm test', () => {
    const commands = steps.flatMap(({ commands }) => commands([], '').map(([program, file]) => [program, file]))
    expect(commands).toContainEqual(['size-limit', undefined])
    expect(commands).toContainEqual(['node', 'scripts/bundle.mjs'])
    expect(limits.every(({ gzip }) => gzip)).toBe(true)
  })
})
