import { afterAll, describe, it } from 'vitest'
import { temporaryFolder } from '../../../test/sqlite/support.ts'
import { fakeClock, limitConformance } from '../../testing/index.ts'
import type { LimitConformanceOptions } from '../../testing/index.ts'
import { sqlite } from './index.ts'
import type { SqliteOptions } from './index.ts'

const folder = temporaryFolder()

function conformanceOf(path: string, options: SqliteOptions, more: Partial<LimitConformanceOptions>): void {
  const store = sqlite(path, options)
  afterAll(() => store.close())
  for (const check of limitConformance({ name: 'sqlite', open: () => store.limits, ...more })) it(check.name, check.run)
}

describe('the limits of the SQLite store on a file', () => {
  conformanceOf(folder.file('real.db'), {}, {})
})

describe('the limits of the SQLite store in virtual time', () => {
  const clock = fakeClock()
  conformanceOf(folder.file('virtual.db'), { clock }, { time: clock, histories: 200, takesAtOnce: 500 })
})

describe('the limits of the SQLite store in memory', () => {
  conformanceOf(':memory:', {}, { takesAtOnce: 500 })
})
