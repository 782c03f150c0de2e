import { afterAll, describe, it } from 'vitest'
import { describeWithPostgres } from '../../../../../test/servers/index.ts'
import { drivers } from '../../../test/postgres/support.ts'
import { versionConformance } from '../../testing/index.ts'
import { postgres } from './index.ts'

describeWithPostgres('the versions of the Postgres store', (url) => {
  for (const { driver, open } of drivers) {
    describe(`through ${driver}`, () => {
      const opened = open(url)
      const store = postgres(opened.pool, { schema: `versions_${driver.replace('.', '_')}` })
      afterAll(() => opened.end())
      for (const check of versionConformance({ name: 'postgres', open: async () => store.versions })) it(check.name, check.run)
    })
  }
})
