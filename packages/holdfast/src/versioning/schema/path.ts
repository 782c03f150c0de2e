import { configurationError } from '../../core/index.ts'

/** A JSON Pointer (RFC 6901) from the root of a shape to a member: at least one name. */
export type Path = readonly [string, ...string[]]

/**
 * Reads a JSON Pointer.
 *
 * @throws HoldfastError `configuration-invalid` for anything else, the empty pointer included
 */
export function parsePath(pointer: string, where: string): Path {
  if (typeof pointer !== 'string' || !pointer.startsWith('/'))
    throw configurationError(`${where}: expected a JSON Pointer such as "/name", got ${JSON.stringify(pointer)}`)
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~')) as unknown as Path
}

/** Writes a path as a JSON Pointer. */
export function formatPath(path: readonly (string | number)[]): string {
  return path.map((name) => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
