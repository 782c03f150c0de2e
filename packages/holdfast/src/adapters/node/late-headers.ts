import type { ServerResponse } from 'node:http'
import type { HeaderReader } from '../../core/fields.ts'
import type { Terminal } from '../terminal.ts'
import { GivenHead } from './given-head.ts'
import { takeHead } from './head-args.ts'
import type { HeadFields } from './head-args.ts'
import { LiveFields } from './live-fields.ts'
import type { Natives } from './natives.ts'

/**
 * Adds fields at the moment a handler's head is written, and leaves everything else alone. HTTP/1.1 only, whose response writes every head by
 * its own `writeHead`; that of HTTP/2 does not.
 */
export function addLateHeaders(res: ServerResponse, terminal: Terminal): void {
  // Bound for the reason that Interception gives.
  res.writeHead = writeDressedHead.bind(undefined, res, terminal, res.writeHead as Natives['writeHead']) as ServerResponse['writeHead']
}

function writeDressedHead(
  res: ServerResponse,
  terminal: Terminal,
  writeHead: Natives['writeHead'],
  status: number,
  reason: unknown,
  fields: HeadFields,
): ServerResponse {
  const phrase = typeof reason === 'string' ? reason : undefined
  const given = phrase === undefined ? ((fields ?? reason) as HeadFields) : fields
  if (isPlain(given) && res.getHeaderNames().length === 0) {
    // Nothing set before, and fields in one object: Node writes those as they are, which is its short way.
    const head = new GivenHead(given)
    dress(terminal, Number(status) | 0, head, head)
    if (phrase === undefined) writeHead.call(res, status, head.fields)
    else writeHead.call(res, status, phrase, head.fields)
  } else {
    takeHead(res, status, phrase, given)
    dress(terminal, res.statusCode, new LiveFields(res), res)
    writeHead.call(res, res.statusCode)
  }
  // Only now: a head that Node refuses may be followed by one that it takes.
  res.writeHead = writeHead as ServerResponse['writeHead']
  return res
}

function isPlain(fields: HeadFields): fields is Record<string, string> {
  return typeof fields === 'object' && fields !== null && !Array.isArray(fields)
}

/** Where fields are set. */
interface Settable {
  setHeader(name: string, value: string): unknown
  removeHeader(name: string): void
}

function dress(terminal: Terminal, status: number, headers: HeaderReader, target: Settable): void {
  terminal.layLate({ status, headers }, (head, changes) => {
    for (const name in changes) {
      const value = changes[name]
      if (value === undefined) target.removeHeader(name)
      else target.setHeader(name, value)
    }
    return head
  })
}
