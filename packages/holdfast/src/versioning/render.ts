import { configurationError } from '../core/index.ts'
import { rewriteJson } from './json/rewrite.ts'
import { fromValue } from './json/value.ts'
import type { Versions } from './versions.ts'

/**
 * A resource as a version has it, as JSON text: for webhooks and everything else that is sent outside of a call. `value` is the newest
 * shape, or its JSON text, of which everything that the version leaves alone keeps its bytes.
 *
 * @throws HoldfastError `configuration-invalid` for a shape or a version that is not declared
 * @example
 * await fetch(endpoint.url, { method: 'POST', body: render(versions, 'transfer', transfer, endpoint.version) })
 */
export function render(versions: Versions, shape: string, value: unknown, version: string): string {
  const plan = versions.plan(version)
  if (plan === undefined)
    throw configurationError(`render: expected one of ${versions.list.map(({ id }) => id).join(', ')}, got ${JSON.stringify(version)}`)
  if (!versions.chain.snapshots.get(versions.newest)?.shapes.has(shape))
    throw configurationError(`render: expected the name of a shape, got ${JSON.stringify(shape)}`)
  const text = typeof value === 'string' ? value : fromValue(value)
  const down = plan.down(shape)
  return down === undefined ? text : rewriteJson(text, down, { fired: () => {} })
}
