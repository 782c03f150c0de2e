/**
 * Makes an idempotency key: a UUIDv7 (RFC 9562 section 5.7). It says when it was made, so that a server never takes a key it has
 * forgotten for a new one. Make it before the call where the call may have to be repeated by another process, and keep it.
 *
 * @param now milliseconds since the epoch; the time of the caller's clock
 * @example
 * const key = newKey()
 * await save(key)
 * const fetch = createFetch()
 * await fetch(url, { method: 'POST', body, holdfast: { key } })
 */
export function newKey(now: number = Date.now()): string {
  if (now !== latest.now) {
    const time = now.toString(16).padStart(12, '0')
    latest = { now, text: `${time.slice(0, 8)}-${time.slice(8)}-7` }
  }
  return latest.text + randomPart()
}

/** A busy process makes many keys in one millisecond. */
let latest = { now: -1, text: '' }

/** Everything of a random UUID after its version. */
function randomPart(): string {
  // Only secure contexts of browsers have randomUUID.
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID().slice(15)
  return '000-8000-000000000000'.replaceAll(/\d/g, (digit) => {
    const [byte = 0] = crypto.getRandomValues(new Uint8Array(1))
    // The 8 is the variant: two bits of its four are random.
    return (digit === '8' ? 8 + (byte & 3) : byte & 15).toString(16)
  })
}
