import { assertOneOf, assertWhole } from '../core/checks.ts'
import { configurationError } from '../core/index.ts'
import type { Call } from '../core/index.ts'
import { isWithin, networkOf, parseAddress, parseNetwork } from './address.ts'
import type { Address, Network } from './address.ts'

/** How the address of a caller is found, and what of it counts. */
export interface AddressOptions {
  /**
   * Which proxies stand in front: how many, each of which appends the address it was called from; or their networks. 0 counts the other end
   * of the connection, and no header can change it.
   *
   * @default 0
   * @example { trustedProxies: 1 }
   * @example { trustedProxies: ['10.0.0.0/8', 'fd00::/8'] }
   */
  readonly trustedProxies?: number | readonly string[] | 'all'
  /** Where they say it. @default 'x-forwarded-for' */
  readonly header?: 'x-forwarded-for' | 'forwarded'
  /** Allows networks that hold every address, with which each caller can name any address it likes. @default false */
  readonly force?: boolean
  /** Leading bits of an IPv6 address that make one caller; a household has a /64 at least, often a /56. @default 64 */
  readonly v6Bits?: number
  /** Leading bits of an IPv4 address that make one caller. @default 32 */
  readonly v4Bits?: number
}

/** Whom a call's address stands for. */
export interface CallerAddress {
  /** The name of the caller's network. */
  readonly caller: string
  /** The name of a wider one, for stores that have no room for each caller. */
  readonly wider: string
}

/** What stands for callers whose address is not known, all of them together. */
const unknown: CallerAddress = { caller: 'unknown', wider: 'unknown' }

/** A provider gives its customers parts of these. */
const widerBits = { v4: 24, v6: 48 }

/** Enough for a chain of proxies; nobody has more, and a caller may send any number. */
const mostEntries = 32
const mostHops = 16
/** Peers whose reading is kept. Behind a proxy there are few, and without one a busy caller comes many times. */
const mostKept = 1_024

/**
 * Makes the function that says which address a call comes from.
 *
 * @throws HoldfastError `configuration-invalid` when every address would be trusted, or an option is mistyped
 */
export function callerAddress(options: AddressOptions = {}): (call: Call) => CallerAddress {
  const { trustedProxies = 0, header = 'x-forwarded-for', v6Bits = 64, v4Bits = 32 } = options
  assertWhole('address: v6Bits', v6Bits, 1, 128)
  assertWhole('address: v4Bits', v4Bits, 1, 32)
  assertOneOf('address: header', header, ['x-forwarded-for', 'forwarded'])
  const pick = typeof trustedProxies === 'number' ? byHops(trustedProxies) : byNetworks(trustedProxies, options.force === true)
  const kept = new Map<string, CallerAddress>()

  function nameOf(text: string): CallerAddress {
    const known = kept.get(text)
    if (known !== undefined) return known
    const address = parseAddress(text)
    const found = address === undefined ? unknown : namesOf(address)
    if (kept.size >= mostKept) kept.clear()
    kept.set(text, found)
    return found
  }

  function namesOf(address: Address): CallerAddress {
    const [bits, wider] = address.length === 4 ? [v4Bits, widerBits.v4] : [v6Bits, widerBits.v6]
    return { caller: networkOf(address, bits), wider: networkOf(address, Math.min(bits, wider)) }
  }

  if (trustedProxies === 0) return ({ peer }) => (peer === undefined ? unknown : nameOf(peer))
  return ({ peer, headers }) => {
    const line = headers.get(header) ?? ''
    const said = header === 'forwarded' ? forwardedFor(line) : line.split(',')
    const chain = [...said.slice(-mostEntries), peer ?? '']
    return nameOf(chain[pick(chain)] ?? '')
  }
}

/** Which entry of a chain counts; the last one is the other end of the connection. */
type Pick = (chain: readonly string[]) => number

function byHops(hops: number): Pick {
  if (!Number.isInteger(hops) || hops < 0 || hops > mostHops)
    throw configurationError(`address: trustedProxies: expected a number of proxies from 0 to ${mostHops}, or networks, got ${hops}`)
  return (chain) => {
    let index = Math.max(0, chain.length - 1 - hops)
    // A proxy that does not say an address leaves the nearest one that is known.
    while (index < chain.length - 1 && parseAddress(chain[index] ?? '') === undefined) index++
    return index
  }
}

function byNetworks(names: readonly string[] | 'all', force: boolean): Pick {
  const networks = (names === 'all' ? ['0.0.0.0/0', '::/0'] : names).map(toNetwork)
  const wide = networks.find(({ bits }) => bits === 0)
  if (wide !== undefined && !force)
    throw configurationError(
      'address: trustedProxies: trusting every address lets each caller name any address it likes; give the networks of your proxies, or how many there are (force: true if nobody else can connect)',
    )
  const isTrusted = (text: string): boolean => {
    const address = parseAddress(text)
    return address !== undefined && networks.some((network) => isWithin(network, address))
  }
  return (chain) => {
    let index = chain.length - 1
    while (index > 0 && isTrusted(chain[index] ?? '') && parseAddress(chain[index - 1] ?? '') !== undefined) index--
    return index
  }
}

function toNetwork(name: string): Network {
  const network = typeof name === 'string' ? parseNetwork(name) : undefined
  if (network === undefined)
    throw configurationError(`address: trustedProxies: expected networks such as "10.0.0.0/8", got ${JSON.stringify(name)}`)
  return network
}

/**
 * The `for` of each element of a Forwarded field (RFC 7239); empty where there is none. Quotes are paired from the end, where proxies have
 * appended: one that a caller opens and never closes must not swallow what they say.
 */
function forwardedFor(line: string): string[] {
  const parts = line.replace(/\\["\\]/g, '_').split('"')
  const plain = parts.map((part, index) => ((parts.length - index) % 2 === 1 ? part : part.replace(/[,;]/g, '_'))).join('"')
  const elements = plain.match(/[^,]+/g) ?? []
  return elements.map((element) => {
    const [, quoted, token = ''] = /(?:^|;)\s*for\s*=\s*(?:"([^"]*)"|([^;\s"]*))/i.exec(element) ?? []
    return quoted ?? token
  })
}
