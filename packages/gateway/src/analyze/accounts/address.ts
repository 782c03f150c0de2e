import { isIPv4, isIPv6 } from 'node:net'

/**
 * The client that an address stands for: without port, brackets and zone, an IPv4 address inside IPv6 as IPv4, and of an IPv6 address the
 * /64 network, since one client has all of it. Names of hosts and any other token stay as they are.
 */
export function clientOf(address: string): string {
  if (isIPv4(address)) return address
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(address)?.[1]
  const bare = (bracketed ?? address).replace(/%.*$/, '')
  if (isIPv6(bare)) return networkOf(bare)
  const host = /^([^:]+):\d+$/.exec(address)?.[1]
  return host ?? address
}

function networkOf(address: string): string {
  const groups = groupsOf(address.toLowerCase())
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (isMapped)
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 255])
      .join('.')
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`
}

function groupsOf(address: string): readonly number[] {
  // The last two groups may be written as an IPv4 address.
  const [, head = address, dotted] = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address) ?? []
  const bytes = dotted?.split('.').map(Number) ?? []
  const tail = bytes.length === 4 ? [((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0), ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0)] : []
  const [left = '', right] = head.split('::')
  const before = toGroups(left)
  const after = [...toGroups(right ?? ''), ...tail]
  return right === undefined ? [...before, ...tail] : [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
}

function toGroups(text: string): readonly number[] {
  return text
    .split(':')
    .filter((group) => group !== '')
    .map((group) => Number.parseInt(group, 16))
}
