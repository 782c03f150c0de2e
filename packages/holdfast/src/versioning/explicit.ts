import { targetOf } from '../core/index.ts'
import type { RequestHead } from '../core/index.ts'
import type { Asked } from './decide.ts'

/** Where callers may name a version. */
export type VersionPlace = 'header' | 'path' | 'accept' | 'query'

/** How explicit versions are found. */
export interface ExplicitSettings {
  readonly places: readonly VersionPlace[]
  /** Lower case. */
  readonly header: string
  readonly queryParameter: string
}

const inPath = /^\/(\d{4}-\d{2}-\d{2}(?:\.[a-z0-9-]+)?)(?=\/|$)/

/** Every version that a call names, in the order of the places. More than one may be given, and they may differ. */
export function findExplicit({ places, header, queryParameter }: ExplicitSettings, head: RequestHead): readonly Asked[] {
  const named = head.headers.get(header)
  // Nearly every call names its version here, or nowhere.
  if (places.length === 1 && places[0] === 'header') return named === null ? none : split(header, named)
  return places.flatMap((place) => {
    switch (place) {
      case 'header':
        return named === null ? none : split(header, named)
      case 'path': {
        const version = inPath.exec(targetOf(head.url).path)?.[1]
        return version === undefined ? none : [{ at: 'path', value: version }]
      }
      case 'accept':
        return fromAccept(head.headers.get('accept'))
      case 'query':
        return new URLSearchParams(targetOf(head.url).query)
          .getAll(queryParameter)
          .map((value) => ({ at: `query ${queryParameter}`, value }))
    }
  })
}

const none: readonly Asked[] = []

/** A header sent twice arrives joined by a comma. */
function split(at: string, value: string): readonly Asked[] {
  return value.split(',').map((part) => ({ at, value: part.trim() }))
}

/** `application/json; version=2026-06-01`, quoted or not. */
function fromAccept(accept: string | null): readonly Asked[] {
  if (accept === null) return none
  return [...accept.matchAll(/;\s*version\s*=\s*"?([^\s";,]+)"?/gi)].map(([, value]) => ({ at: 'accept', value: value as string }))
}

/** What stands before the path of a call that names its version there: `/2026-06-01`. */
export const versionPrefix = (url: string): string => inPath.exec(targetOf(url).path)?.[0] ?? ''

/** A URL without the version in its path. */
export function withoutVersion(url: string): string {
  const prefix = versionPrefix(url)
  return url.replace(prefix, () => (prefix === targetOf(url).path ? '/' : ''))
}
