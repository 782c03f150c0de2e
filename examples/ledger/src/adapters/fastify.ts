import type { RequestListener } from 'node:http'
import { fastify } from 'fastify'
import type { FastifyReply } from 'fastify'
import { currentCall } from 'holdfast'
import { holdfast } from 'holdfast/fastify'
import { failure, nothingHere, toReadable } from '../answer.ts'
import type { Answer } from '../answer.ts'
import type { App } from '../app.ts'

/** The ledger on Fastify. */
export async function fastifyLedger({ policy, mounts }: App): Promise<RequestListener> {
  const app = fastify({ frameworkErrors: (error, _request, reply) => void send(reply, failure(error)) })
  // The ledger reads JSON itself: Fastify's parser would round numbers above 2^53.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  await app.register(holdfast(policy))
  for (const { method, path, answer } of mounts) {
    app[method]<{ Params: Record<string, string> }>(path, async (request, reply) =>
      send(reply, await answer(currentCall(), request.params)),
    )
  }
  app.setNotFoundHandler((_request, reply) => send(reply, nothingHere()))
  app.setErrorHandler((error, _request, reply) => send(reply, failure(error)))
  await app.ready()
  return app.routing
}

function send(reply: FastifyReply, { status, headers, body }: Answer): FastifyReply {
  // To the type of a text Fastify would add a charset, which JSON has none of.
  return reply
    .code(status)
    .headers(headers)
    .send(typeof body === 'string' ? Buffer.from(body) : toReadable(body))
}
