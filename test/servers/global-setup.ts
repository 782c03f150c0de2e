import type { TestProject } from 'vitest/node'
import { ensureServersInstalled, isInstalled, postgresWanted, redisWanted } from './install.ts'
import { startPostgres } from './postgres.ts'
import { startRedis } from './redis.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string | undefined
    redisUrl: string | undefined
  }
}

/** One Postgres and one Redis for the whole run; tests that break servers start their own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await ensureServersInstalled()
  const [postgres, redis] = await Promise.all([
    isInstalled(postgresWanted) ? startPostgres() : undefined,
    isInstalled(redisWanted) ? startRedis() : undefined,
  ])
  project.provide('postgresUrl', postgres?.url)
  project.provide('redisUrl', redis?.url)
  return async () => {
    await Promise.all([postgres?.stop(), redis?.stop()])
  }
}
