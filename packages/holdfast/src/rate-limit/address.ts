/** An address as bytes: 4 of IPv4, 16 of IPv6. */
export type Address = readonly number[]

/** No address is longer in any spelling: 45 characters of IPv6 with IPv4 at its end, brackets, a zone, a port. */
const longest = 128

/**
 * Reads an address in any spelling that reaches a server: with a port, in brackets, with a zone, IPv4 inside IPv6. `undefined` for anything
 * else. An IPv4 address is the same whether it came over an IPv4 or a dual-stack socket.
 */
export function parseAddress(text: string): Address | undefined {
  if (text.length > longest) return undefined
  const bare = withoutPort(text.trim())
  const zone = bare.indexOf('%')
  const address = zone < 0 ? bare : bare.slice(0, zone)
  if (!address.includes(':')) return zone < 0 ? parseV4(address) : undefined
  const bytes = parseV6(address)
  return bytes !== undefined && isMapped(bytes) ? bytes.slice(12) : bytes
}

function withoutPort(text: string): string {
  if (text.startsWith('[')) return /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1] ?? ''
  const colon = text.indexOf(':')
  return colon > 0 && text.includes('.') && colon === text.lastIndexOf(':') && /^\d{1,5}$/.test(text.slice(colon + 1))
    ? text.slice(0, colon)
    : text
}

function parseV4(text: string): number[] | undefined {
  const parts = text.split('.')
  // No leading zeros: some readers take them for octal, and two readings of one address are two callers.
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return undefined
  return parts.map(Number)
}

function parseV6(text: string): number[] | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map(groupsOf)
  if (head === undefined) return undefined
  if (halves.length === 1) return head.length === 16 ? head : undefined
  // Two colons stand for one group of zeros at least.
  if (tail === undefined || head.length + tail.length > 14) return undefined
  return [...head, ...Array.from({ length: 16 - head.length - tail.length }, () => 0), ...tail]
}

/** The bytes of some groups; the last may be IPv4. */
function groupsOf(text: string): number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const groups = text.split(':')
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16)
      bytes.push(value >> 8, value & 255)
      continue
    }
    const v4 = index === groups.length - 1 ? parseV4(group) : undefined
    if (v4 === undefined) return undefined
    bytes.push(...v4)
  }
  return bytes
}

function isMapped(bytes: Address): boolean {
  return bytes[10] === 255 && bytes[11] === 255 && bytes.slice(0, 10).every((byte) => byte === 0)
}

/** The network an address lies in, as one name: `192.0.2.0/24`, `20010db800010000::/64`. */
export function networkOf(address: Address, bits: number): string {
  const bytes = address.slice(0, Math.ceil(bits / 8))
  if (bits % 8 !== 0) bytes[bytes.length - 1] = (bytes.at(-1) as number) & (0xff00 >> (bits % 8))
  if (address.length === 4) {
    const name = [...bytes, 0, 0, 0, 0].slice(0, 4).join('.')
    return bits === 32 ? name : `${name}/${bits}`
  }
  return `${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}::/${bits}`
}

/** A network: an address and how many of its bits count. */
export interface Network {
  readonly address: Address
  readonly bits: number
}

/** Reads `10.0.0.0/8`, `2001:db8::/32`, or one address. */
export function parseNetwork(text: string): Network | undefined {
  const [base = '', length, ...rest] = text.split('/')
  const address = parseAddress(base)
  if (address === undefined || rest.length > 0) return undefined
  const most = address.length * 8
  if (length === undefined) return { address, bits: most }
  const bits = Number(length)
  return /^\d{1,3}$/.test(length) && bits <= most ? { address, bits } : undefined
}

/** Whether an address lies in a network. */
export function isWithin({ address: base, bits }: Network, address: Address): boolean {
  return base.length === address.length && networkOf(base, bits) === networkOf(address, bits)
}
