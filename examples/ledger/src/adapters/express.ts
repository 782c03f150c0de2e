import type { RequestListener } from 'node:http'
import express from 'express'
import type { NextFunction, Request, Response } from 'express'
import { currentCall } from 'holdfast'
import { holdfast } from 'holdfast/express'
import { failure, flow, nothingHere } from '../answer.ts'
import type { Answer } from '../answer.ts'
import type { App } from '../app.ts'

/** The ledger on Express. */
export function expressLedger({ policy, mounts }: App): RequestListener {
  const app = express()
  app.disable('x-powered-by')
  app.enable('case sensitive routing')
  app.enable('strict routing')
  app.use(holdfast(policy))
  for (const { method, path, answer } of mounts) {
    app[method](path, async (request: Request<Record<string, string>>, response) => {
      send(response, await answer(currentCall(), request.params))
    })
  }
  app.use((_request: Request, response: Response) => send(response, nothingHere()))
  app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) next(error)
    else send(response, failure(error))
  })
  return app
}

function send(response: Response, { status, headers, body }: Answer): void {
  response.status(status).set(headers)
  if (typeof body === 'string') response.end(body)
  else flow(body, response)
}
