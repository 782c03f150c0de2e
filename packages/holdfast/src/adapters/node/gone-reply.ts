import type { ServerResponse } from 'node:http'
import { bodyIncomplete } from '../../core/errors.ts'
import type { Reply } from '../../core/reply.ts'
import { LiveFields } from './live-fields.ts'

/** An answer that has left the process: its head can still be read, its body not. */
export function goneReply(res: ServerResponse): Reply {
  const capture = (): Promise<never> => Promise.reject(bodyIncomplete(new Error('the answer was sent before it was captured')))
  return { status: res.statusCode, headers: new LiveFields(res), body: { capture } }
}
