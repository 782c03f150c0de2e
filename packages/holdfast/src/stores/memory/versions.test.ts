import { describe, it } from 'vitest'
import { fakeClock, versionConformance } from '../../testing/index.ts'
import { memory } from './index.ts'

describe('the versions of the memory store', () => {
  const clock = fakeClock(3_600_000 * 480_000)
  const store = memory({ clock })
  const options = { name: 'memory', open: async () => store.versions, advance: (ms: number) => clock.advance(ms) }
  for (const check of versionConformance(options)) it(check.name, check.run)
})
