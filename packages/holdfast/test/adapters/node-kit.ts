import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import express from 'express'
import { afterEach, describe } from 'vitest'
import { holdfast as forExpress } from '../../src/adapters/express/index.ts'
import { holdfast as forNode } from '../../src/adapters/node/index.ts'
import { addHeaders, captureBody, createReply, withHeaders } from '../../src/core/index.ts'
import type { Policy } from '../../src/core/index.ts'
import { closeServers, listen } from './matrix.ts'

export type Listener = (req: IncomingMessage, res: ServerResponse) => unknown
export type ToListener = (policy: Policy, handler: Listener) => RequestListener

const adapters: readonly { readonly name: string; readonly listener: ToListener }[] = [
  { name: 'node', listener: forNode },
  {
    name: 'express',
    listener: (policy, handler) => {
      const app = express()
      app.use(forExpress(policy))
      app.use(handler)
      return app as RequestListener
    },
  },
]

export const adding: Policy = async (call, next) => withHeaders(await next(call), { 'x-policy': 'seen' })

/** As `adding`, without waiting for the answer. */
export const addingLate: Policy = (call, next) => addHeaders(next(call), () => ({ 'x-policy': 'seen' }))

export const capturing: Policy = async (call, next) => {
  const reply = await next(call)
  const { bytes } = await captureBody(reply.body, 1000)
  return withHeaders(reply, { 'x-captured': Buffer.from(bytes ?? []).toString() })
}

export const replacing: Policy = async (call, next) => {
  await next(call)
  return createReply(409, { 'x-policy': 'seen' }, 'instead')
}

/** Runs scenarios of Node's own response through the adapters that hand it to the handler. */
export function describeNode(
  title: string,
  scenarios: (start: (policy: Policy, handler: Listener) => Promise<number>, listener: ToListener) => void,
): void {
  describe.each(adapters)(`${title}: $name`, ({ listener }) => {
    afterEach(closeServers)
    scenarios((policy, handler) => listen(createServer(listener(policy, handler))), listener)
  })
}
