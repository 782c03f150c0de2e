import { readFileSync } from 'node:fs'
import type { OpenApiDocument } from 'holdfast/versioning'
import { versions } from '../../src/versions/versions.ts'

/** The documents of the ledger as they were published. */
export function published(): ReadonlyMap<string, OpenApiDocument> {
  const folder = new URL('../../openapi/', import.meta.url)
  return new Map(versions.list.map(({ id }) => [id, JSON.parse(readFileSync(new URL(`${id}.json`, folder), 'utf8')) as OpenApiDocument]))
}
