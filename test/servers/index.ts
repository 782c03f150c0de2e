import { describe, inject } from 'vitest'
import type {} from './global-setup.ts'

export { startPostgres } from './postgres.ts'
export { startRedis } from './redis.ts'
export type { RunningServer } from './server.ts'

/** The run's shared Postgres, as superuser. Make your own tables or schema in it. `undefined` when the machine has no Postgres. */
export function postgresUrl(): string | undefined {
  return inject('postgresUrl')
}

/** The run's shared Redis. Prefix your keys. `undefined` when the machine has no Redis. */
export function redisUrl(): string | undefined {
  return inject('redisUrl')
}

/**
 * A `describe` that needs Postgres: the shared one's URL is passed, and `startPostgres` works. Skipped under a telling name without it.
 *
 * @example
 * describeWithPostgres('postgresStore', (url) => { it('commits the record with the effect', ...) })
 */
export function describeWithPostgres(name: string, suite: (url: string) => void): void {
  describeWith('PostgreSQL', postgresUrl(), name, suite)
}

/** The same for Redis. */
export function describeWithRedis(name: string, suite: (url: string) => void): void {
  describeWith('Redis', redisUrl(), name, suite)
}

function describeWith(title: string, url: string | undefined, name: string, suite: (url: string) => void): void {
  if (url !== undefined) {
    describe(name, () => {
      suite(url)
    })
    return
  }
  // oxlint-disable-next-line vitest/no-disabled-tests -- a machine without the server still counts what it did not run
  describe.skip(`${name} (SKIPPED: no ${title} on this machine)`, () => {
    suite('')
  })
}
