import { configurationError } from '../core/index.ts'
import type { Dimension } from './options.ts'
import { shortened } from './subject.ts'
import type { Subject } from './subject.ts'

/** Says which counter a subject meets. */
export interface Partition {
  readonly needsAccount: boolean
  owner(subject: Subject): string
  counter(subject: Subject): string
  /** Who shares a counter with the owner where there is no room. */
  overflow(subject: Subject): string | undefined
}

const known = ['account', 'plan', 'key', 'ip', 'route', 'method']
/** The first of these that a limit is divided by is the owner of its counters. */
const owners = ['account', 'key', 'ip'] as const

/** A caller may send any method; each of its own making must not be a new counter. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

const longestValue = 64
const separator = '\0'

/**
 * Compiles what a limit is divided by.
 *
 * @throws HoldfastError `configuration-invalid` for a dimension that does not exist
 */
export function compilePartition(dimensions: readonly Dimension[], pool: string, namespace: string): Partition {
  for (const dimension of dimensions) assertDimension(dimension)
  const holder = owners.find((name) => dimensions.includes(name))
  const rest = dimensions.filter((dimension) => dimension !== holder)
  const parts = rest.map(valueOf)
  return {
    needsAccount: dimensions.includes('account'),
    owner: ownerOf(holder, namespace),
    counter:
      parts.length === 0
        ? () => pool
        : (subject) => parts.reduce((counter, part) => `${counter}${separator}${bounded(part(subject))}`, pool),
    overflow: overflowOf(holder, namespace),
  }
}

function ownerOf(holder: (typeof owners)[number] | undefined, namespace: string): (subject: Subject) => string {
  switch (holder) {
    case 'account':
      return (subject) => subject.accountOwner
    case 'key':
      return (subject) => `${namespace}/key/${subject.credential}`
    case 'ip':
      return (subject) => `${namespace}/ip/${subject.address.caller}`
    case undefined:
      return () => namespace
  }
}

function overflowOf(holder: (typeof owners)[number] | undefined, namespace: string): (subject: Subject) => string | undefined {
  switch (holder) {
    case 'account':
      return (subject) => `${namespace}/plan/${subject.plan ?? ''}`
    case 'key':
    case 'ip':
      return (subject) => `${namespace}/ip/${subject.address.wider}`
    case undefined:
      return () => undefined
  }
}

function valueOf(dimension: Dimension): (subject: Subject) => string {
  if (typeof dimension !== 'string') return ({ call }) => dimension.of(call) ?? ''
  switch (dimension) {
    case 'account':
      return (subject) => subject.account ?? ''
    case 'plan':
      return (subject) => subject.plan ?? ''
    case 'key':
      return (subject) => subject.credential
    case 'ip':
      return (subject) => subject.address.caller
    case 'route':
      return (subject) => subject.route ?? ''
    case 'method':
      return ({ call }) => (methods.has(call.method) ? call.method : 'other')
  }
}

/** What a caller sends must not make names long, nor end one early. */
function bounded(value: string): string {
  return value.length > longestValue || value.includes(separator) ? `#${shortened(value)}` : value
}

function assertDimension(dimension: unknown): void {
  if (typeof dimension === 'string' && known.includes(dimension)) return
  const { name, of } = (dimension ?? {}) as { name?: unknown; of?: unknown }
  if (typeof dimension === 'object' && typeof name === 'string' && typeof of === 'function') return
  throw configurationError(`partition: expected some of ${known.join(', ')} or { name, of }, got ${JSON.stringify(dimension)}`)
}
