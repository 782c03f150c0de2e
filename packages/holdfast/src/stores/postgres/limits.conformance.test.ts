import { afterAll, describe, it } from 'vitest'
import { drivers } from '../../../test/postgres/support.ts'
import { describeWithPostgres } from '../../../../../test/servers/index.ts'
import { fakeClock, limitConformance } from '../../testing/index.ts'
import type { Context } from './context.ts'
import { postgres } from './index.ts'
import { postgresLimits } from './limits.ts'
import { namesOf } from './names.ts'
import { migrate } from './schema.ts'

describeWithPostgres('the limits of the Postgres store', (url) => {
  for (const { driver, open } of drivers) {
    describe(`through ${driver}`, () => {
      const opened = open(url)
      const store = postgres(opened.pool, { schema: `limits_${driver.replace('.', '_')}`, timeoutMs: 120_000 })
      afterAll(() => opened.end())
      const options = { name: 'postgres', open: () => store.limits, histories: 15, takesAtOnce: driver === 'pg' ? 10_000 : 1_000 }
      for (const check of limitConformance(options)) it(check.name, check.run)
    })
  }

  describe('in virtual time', () => {
    const opened = drivers[0]?.open(url, 10)
    afterAll(() => opened?.end())
    const clock = fakeClock()
    const names = namesOf('limits_virtual', 'holdfast_keys')
    let migrated: Promise<void> | undefined
    const context = {
      pool: opened?.pool,
      timeoutMs: 10_000,
      async ready() {
        await (migrated ??= migrate(context.pool, 10_000, names))
        return names
      },
    } as unknown as Context
    const store = postgresLimits(context, () => clock.now())
    const options = { name: 'postgres', open: () => store, time: clock, takesAtOnce: 200, histories: 60 }
    for (const check of limitConformance(options)) it(check.name, check.run)
  })
})
