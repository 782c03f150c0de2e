import type { Json } from './merge-patch.ts'

/** A write about to be sent. */
export interface Write {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Json
}

/** Where a server keeps the version of a resource, and how a write says which version it is for. */
export interface Versioning {
  /** The version of a value, from the answer's fields or the value itself; `undefined` when there is none to rely on. */
  read(headers: Pick<Headers, 'get'>, value: Json): string | undefined
  /** The write, made conditional on a version. */
  guard(write: Write, version: string): Write
}

const strong = /^"[\x21\x23-\x7e\x80-\xff]*"$/

const memberOf = (value: Json | undefined, name: string): Json | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
    ? (value as { readonly [name: string]: Json })[name]
    : undefined

/** Strong entity tags and If-Match (RFC 9110 section 13.1.1). Where an intermediary weakened the tag, a member `etag` of the body counts. */
export const entityTags: Versioning = {
  read(headers, value) {
    for (const tag of [headers.get('etag'), memberOf(value, 'etag')]) if (typeof tag === 'string' && strong.test(tag)) return tag
    return undefined
  },
  guard: (write, version) => ({ ...write, headers: { ...write.headers, 'if-match': version } }),
}

/**
 * A version in the body, which the server compares with the one in the body of a write and answers 409 when they differ.
 *
 * @param path names of the members that lead to it, from the outside in
 * @example
 * await update(fetch, url, scale, { versioning: bodyVersion('metadata', 'resourceVersion') }) // Kubernetes
 */
export function bodyVersion(...path: readonly [string, ...string[]]): Versioning {
  return {
    read(_headers, value) {
      const version = path.reduce<Json | undefined>(memberOf, value)
      return typeof version === 'string' || typeof version === 'number' ? JSON.stringify(version) : undefined
    },
    guard: (write, version) => ({ ...write, body: withMember(write.body, path, JSON.parse(version) as Json) }),
  }
}

function withMember(value: Json | undefined, [name, ...deeper]: readonly string[], member: Json): Json {
  if (name === undefined) return member
  const members = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : []
  const inner = withMember(memberOf(value, name), deeper, member)
  return Object.fromEntries([...members.filter(([other]) => other !== name), [name, inner]])
}
