import type { ServerResponse } from 'node:http'
import type { HeaderReader } from '../../core/fields.ts'
import { reportFailure } from '../failure.ts'
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
  res.writeHead = writeDressedHead.bind(res, terminal, res.writeHead as Natives['writeHead']) as ServerResponse['writeHead']
}

function writeDressedHead(
  this: ServerResponse,
  terminal: Terminal,
  writeHead: Natives['writeHead'],
  status: number,
  reason: unknown,
  fields: HeadFields,
): ServerResponse {
  const phrase = typeof reason === 'string' ? reason : undefined
  const given = phrase === undefined ? ((fields ?? reason) as HeadFields) : fields
  if (isPlain(given) && this.getHeaderNames().length === 0) {
    // Nothing set before, and fields in one object: Node writes those as they are, which is its short way.
    const head = new GivenHead(given)
    dress(terminal, Number(status) | 0, head, (name, value) => head.set(name, value))
    if (phrase === undefined) writeHead.call(this, status, head.fields)
    else writeHead.call(this, status, phrase, head.fields)
  } else {
    takeHead(this, status, phrase, given)
    dress(terminal, this.statusCode, new LiveFields(this), (name, value) => {
      if (value === undefined) this.removeHeader(name)
      else this.setHeader(name, value)
    })
    writeHead.call(this, this.statusCode)
  }
  // Only now: a head that Node refuses may be followed by one that it takes.
  this.writeHead = writeHead as ServerResponse['writeHead']
  return this
}

function isPlain(fields: HeadFields): fields is Record<string, string> {
  return typeof fields === 'object' && fields !== null && !Array.isArray(fields)
}

/** This is inside of the handler's own call: what fails here must not be taken for a failure of the handler's. */
function dress(terminal: Terminal, status: number, headers: HeaderReader, set: (name: string, value: string | undefined) => void): void {
  try {
    for (const headersOf of terminal.lateHeaders) {
      const changes = headersOf({ status, headers })
      for (const name in changes) set(name, changes[name])
    }
  } catch (error) {
    reportFailure(error)
  }
}
