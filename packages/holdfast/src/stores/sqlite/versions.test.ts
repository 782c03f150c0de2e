import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, it } from 'vitest'
import { fakeClock, versionConformance } from '../../testing/index.ts'
import { sqlite } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-versions-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each([':memory:', join(folder, 'one.db')])('the versions of the SQLite store in %s', (path) => {
  const clock = fakeClock()
  const store = sqlite(path, { clock })
  afterAll(() => store.close())
  const options = { name: 'sqlite', open: async () => store.versions, advance: (ms: number) => clock.advance(ms) }
  for (const check of versionConformance(options)) it(check.name, check.run)
})

describe('the versions of one file in several processes', () => {
  const stores = [0, 1].map(() => sqlite(join(folder, 'shared.db')))
  afterAll(() => Promise.all(stores.map((store) => store.close())))
  let turn = 0
  const open = async () => (stores[turn++ % 2] as (typeof stores)[number]).versions
  for (const check of versionConformance({ name: 'sqlite', open })) it(check.name, check.run)
})
