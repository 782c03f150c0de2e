import type { RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { currentCall } from 'holdfast'
import { holdfast } from 'holdfast/hono'
import { failure, nothingHere } from '../answer.ts'
import type { Answer } from '../answer.ts'
import type { App } from '../app.ts'

/** The ledger on Hono. */
export function honoLedger({ policy, mounts }: App): RequestListener {
  const app = new Hono()
  app.use(holdfast(policy))
  for (const { method, path, answer } of mounts) {
    app[method](path, async (context) => toResponse(await answer(currentCall(), context.req.param())))
  }
  app.notFound(() => toResponse(nothingHere()))
  app.onError((error) => toResponse(failure(error)))
  const listener = getRequestListener(app.fetch)
  return (request, response) => void listener(request, response)
}

function toResponse({ status, headers, body }: Answer): Response {
  return new Response(body === '' ? null : body, { status, headers })
}
