import { hasMembers } from '../patch-format.ts'

/** The reference tokens of a JSON Pointer (RFC 6901), unescaped; `undefined` for what is none. */
export function parsePointer(text: string): readonly string[] | undefined {
  if (text === '') return []
  if (!text.startsWith('/') || /~(?![01])/.test(text)) return undefined
  return text
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** Names that lead out of the document, into what all objects share. */
export function isForbidden(token: string): boolean {
  return token === '__proto__' || token === 'constructor' || token === 'prototype'
}

const index = /^(?:0|[1-9]\d{0,9})$/

/** Whether a token names an item of an array. */
export function isIndex(token: string): boolean {
  return index.test(token)
}

/** The value a pointer leads to: own members only, and array items by whole numbers. `undefined`: there is none. */
export function resolve(document: unknown, tokens: readonly string[]): { readonly value: unknown } | undefined {
  let value = document
  for (const token of tokens) {
    if (!hasMembers(value)) return undefined
    if (Array.isArray(value) && !isIndex(token)) return undefined
    if (!Object.hasOwn(value, token)) return undefined
    value = (value as Readonly<Record<string, unknown>>)[token]
  }
  return { value }
}
