import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { holdfast } from './index.ts'

describe('a server that closes while an answer is held', () => {
  it.each(['close', 'closeIdleConnections'] as const)('%s() lets the answer out that a policy is still recording', async (method) => {
    const recording = Promise.withResolvers<void>()
    const recorded = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<boolean>()
    const server = createServer(
      holdfast(
        async (call, next) => {
          const reply = await next(call)
          recording.resolve()
          await recorded.promise
          return reply
        },
        (_req, res) => {
          res.end('made')
          ended.resolve(res.writableEnded)
        },
      ),
    )
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const answer = fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { method: 'POST' }).then((response) =>
      response.text(),
    )
    await recording.promise
    server[method]()
    recorded.resolve()
    expect(await answer).toBe('made')
    expect(await ended.promise).toBe(true)
    server.close()
    server.closeAllConnections()
  })
})
