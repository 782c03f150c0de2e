import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { folder, keepOnce } from './keep-once.ts'

/** The secret that seals idempotency records: the environment's, or one that is made at the first start and kept. */
export async function loadSecret(environment: Readonly<Record<string, string | undefined>>): Promise<string> {
  return environment['HOLDFAST_SECRET'] || (await keepOnce(join(folder, 'secret'), () => randomBytes(32).toString('base64url')))
}
