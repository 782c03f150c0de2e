import { createServer } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { holdfast as forNode } from '../../src/adapters/node/index.ts'
import { createReply } from '../../src/core/index.ts'
import type { Policy } from '../../src/core/index.ts'
import { cutOff, raw, readUntil, send } from './client.ts'
import { closeServers, listen } from './matrix.ts'
import { adding, capturing } from './node-kit.ts'
import type { Listener } from './node-kit.ts'

describe('a handler of node:http', () => {
  afterEach(closeServers)

  it.each(['throws', 'rejects'])('breaks the connection off when it %s after its head', async (how) => {
    const boom = new Error('boom')
    const handler: Listener = (_req, res) => {
      res.writeHead(200, { 'content-length': '100' })
      res.write('some')
      if (how === 'throws') throw boom
      return Promise.reject(boom)
    }
    for (const policy of [adding, (call, next) => next(call)] satisfies Policy[]) {
      await expect(send(await listen(createServer(forNode(policy, handler))))).rejects.toThrow(cutOff)
    }
    // Nothing of this head was sent yet, so there is still something better to say.
    expect((await send(await listen(createServer(forNode(capturing, handler))))).status).toBe(500)
  })

  it('lets a policy answer for a handler that throws', async () => {
    const forgiving: Policy = async (call, next) => {
      try {
        return await next(call)
      } catch (error) {
        return createReply(503, {}, (error as Error).message)
      }
    }
    const { status, body } = await send(
      await listen(
        createServer(
          forNode(forgiving, () => {
            throw new Error('boom')
          }),
        ),
      ),
    )
    expect([status, String(body)]).toEqual([503, 'boom'])
  })

  it('is asked for a body only when the policy lets it, under checkContinue', async () => {
    const policy: Policy = async (call, next) =>
      call.headers.has('x-refuse') ? createReply(417, {}, 'refused') : (await call.bytes(), next(call))
    const listener = forNode(policy, (req, res) => void req.pipe(res))
    const server = createServer()
    server.on('checkContinue', listener)
    const port = await listen(server)
    const socket = await raw(port)
    socket.write('POST / HTTP/1.1\r\nhost: test\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n')
    await readUntil(socket, (text) => text.includes('100 Continue'))
    socket.write('hello')
    await readUntil(socket, (text) => text.includes('hello'))
    const refused = await raw(port)
    refused.write('POST / HTTP/1.1\r\nhost: test\r\nx-refuse: 1\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n')
    expect(await readUntil(refused, (text) => text.includes('refused'))).not.toContain('100 Continue')
  })
})
