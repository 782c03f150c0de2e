import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Reply } from '../../core/reply.ts'
import { failureReply, reportFailure } from '../failure.ts'
import { assertReply } from '../terminal.ts'
import { nativesOf } from './natives.ts'
import type { Natives } from './natives.ts'
import { pump } from './pump.ts'
import { toWireReply } from './wire-reply.ts'

/**
 * Writes a reply that is not the framework's: a refusal, a replay, a replacement. Fields set earlier on the response stay,
 * unless the reply has them.
 */
export function writeReply(req: IncomingMessage, res: ServerResponse, reply: Reply, natives: Natives = nativesOf(res)): void {
  if (res.destroyed) return
  try {
    assertReply(reply)
    const { head, body } = toWireReply(reply, req.method === 'HEAD', req.httpVersionMajor >= 2)
    natives.writeHead.call(res, reply.status, head)
    if (body instanceof ReadableStream) void pump(body, res, natives)
    else if (body === null) natives.end.call(res)
    else natives.end.call(res, body)
  } catch (error) {
    writeInstead(req, res, error, natives)
  }
}

/** A reply that Node will not write, for a field with a line break say, is a bug in whatever made it. */
function writeInstead(req: IncomingMessage, res: ServerResponse, error: unknown, natives: Natives): void {
  reportFailure(error)
  if (res.headersSent) res.destroy()
  else writeReply(req, res, failureReply(undefined), natives)
}
