import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { createFetch } from '../../src/client/index.ts'
import { overUndici, serve } from './support/served.ts'

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length
const enough = new Error('enough')

// By itself the transport listens to the signal; under a client it is told by the attempt, and never sees one.
describe.each([
  ['by itself', overUndici],
  ['under a client', () => createFetch({ fetch: overUndici() })],
] as const)('the undici transport %s', (_name, make) => {
  it('ends a request that waits for its answer, and the connection with it', async () => {
    const aborter = new AbortController()
    let closed: () => void = () => {}
    const isClosed = new Promise<void>((resolve) => (closed = resolve))
    const server = await serve((_req, res) => {
      res.on('close', closed)
      aborter.abort(enough)
    })
    await expect(make()(server.origin, { signal: aborter.signal })).rejects.toBe(enough)
    await isClosed
    expect([listeners(aborter.signal), server.seen.length]).toEqual([0, 1])
  })

  it('ends a body that flows, also one that a redirect led to', async () => {
    const server = await serve((req, res) => {
      if (req.url === '/start') return res.writeHead(302, { location: '/target' }).end()
      res.writeHead(200).write('part')
    })
    for (const path of ['/target', '/start']) {
      const aborter = new AbortController()
      const response = await make()(`${server.origin}${path}`, { signal: aborter.signal })
      const text = response.text()
      aborter.abort(enough)
      await expect(text).rejects.toBe(enough)
      expect(listeners(aborter.signal)).toBe(0)
    }
  })

  it('sends nothing for a signal that has aborted while the body was made ready', async () => {
    const server = await serve((_req, res) => res.end('ok'))
    const aborter = new AbortController()
    const sent = make()(server.origin, { method: 'POST', body: new Blob(['content']), signal: aborter.signal })
    aborter.abort(enough)
    await expect(sent).rejects.toBe(enough)
    expect([listeners(aborter.signal), server.seen.length]).toEqual([0, 0])
  })

  it('leaves no listener behind, whatever became of the request', async () => {
    const { signal } = new AbortController()
    const server = await serve((req, res) => {
      if (req.url === '/reset') return res.socket?.resetAndDestroy()
      if (req.url === '/start') return res.writeHead(307, { location: '/target' }).end()
      res.end('ok')
    })
    const fetch = make()
    for (const path of ['/', '/start']) expect(await (await fetch(`${server.origin}${path}`, { signal })).text()).toBe('ok')
    await expect(fetch(`${server.origin}/reset`, { signal, method: 'PATCH', holdfast: { key: false } })).rejects.toThrow()
    await expect(fetch('http://127.0.0.1:1/', { signal, holdfast: { retries: 0 } })).rejects.toThrow()
    expect(listeners(signal)).toBe(0)
  })
})
