const encoder = new TextEncoder()

/**
 * The bytes of a body that a parser has already consumed: as it kept them, else the canonical JSON of what it made of them,
 * which is the same for every repeat of a call, if not what was sent.
 */
export function toBytes(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body
  return encoder.encode(typeof body === 'string' ? body : canonical(body))
}

/** Members sorted by name (RFC 8785 section 3.2.3), so that their order does not matter. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? 'null')
  if (value instanceof Date) return JSON.stringify(value)
  const members = value as Readonly<Record<string, unknown>>
  const named = Object.keys(members).toSorted()
  return `{${named.map((name) => `${JSON.stringify(name)}:${canonical(members[name])}`).join(',')}}`
}
