import { randomBytes } from 'node:crypto'
import { configurationError, isHoldfastError } from '../core/index.ts'
import type { Policy } from '../core/index.ts'
import { pagination } from '../pagination/index.ts'
import type { ApiDeclaration, RouteDeclaration } from './declaration.ts'
import type { RouteSteps } from './route-steps.ts'

/** The step of a list: innermost, so that it sees the query as the newest version has it. */
export function pageStep(route: string, { page }: RouteDeclaration, { declaration, problem }: RouteSteps): Policy[] {
  if (page === undefined) return []
  if (!route.startsWith('GET ')) throw configurationError(`${route}: page: expected a GET route; pages are read`)
  const { namespace, clock } = declaration
  try {
    return [
      pagination({
        list: page,
        secrets: secretsOf(declaration),
        problem,
        ...(namespace !== undefined && { namespace }),
        ...(clock !== undefined && { clock }),
      }),
    ]
  } catch (error) {
    throw isHoldfastError(error) ? configurationError(`${route}: ${error.message}`) : error
  }
}

/** Where nothing outlives the process, neither need cursors. */
function secretsOf({ cursorSecrets, secret, store }: ApiDeclaration): readonly (string | Uint8Array)[] {
  if (cursorSecrets !== undefined) return cursorSecrets
  if (secret !== undefined) return [secret]
  if (store.idempotency?.durable === false) return [randomBytes(32)]
  throw configurationError('secret: expected one to seal cursors with, at least 16 characters, the same in every process')
}
