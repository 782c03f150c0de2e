import type { ServerResponse } from 'node:http'
import { expect, it } from 'vitest'
import type { Policy } from '../../src/core/index.ts'
import { send } from './client.ts'
import { adding, addingLate, capturing, describeNode } from './node-kit.ts'
import type { Listener } from './node-kit.ts'

const passing: Policy = (call, next) => next(call)

describeNode('mistakes of a handler with a Node response', (start) => {
  it.each<[string, (res: ServerResponse) => unknown]>([
    ['an object given to end()', (res) => res.end({ id: 1 })],
    ['a number given to end()', (res) => res.end(42)],
    ['an array of larger numbers given to end()', (res) => res.end(new Uint16Array([1, 2]))],
    ['an object given to write()', (res) => res.write({ id: 1 })],
    ['null given to write()', (res) => res.write(null)],
    ['a status that is none', (res) => ((res.statusCode = 42), res.end('hello'))],
    ['no status', (res) => ((res.statusCode = undefined as unknown as number), res.write('hello'))],
    ['no value for a field', (res) => res.writeHead(200, ['x-own', undefined as unknown as string])],
  ])('are refused by Node inside the call: %s', async (_kind, make) => {
    const refusals: unknown[] = []
    const handler: Listener = (_req, res) => {
      try {
        make(res)
      } catch (error) {
        refusals.push((error as { code: string }).code)
      }
      res.statusCode = 500
      res.end('sorry')
    }
    for (const policy of [passing, adding, addingLate, capturing]) {
      const { status, body } = await send(await start(policy, handler))
      expect([status, String(body)]).toEqual([500, 'sorry'])
    }
    expect(new Set(refusals)).toHaveLength(1)
    expect(refusals).toHaveLength(4)
    expect(refusals[0]).toMatch(/^ERR_(INVALID_ARG_TYPE|STREAM_NULL_VALUES|HTTP_INVALID)/)
  })

  it('include a status that is text, which Node takes', async () => {
    for (const policy of [passing, adding, addingLate, capturing]) {
      const port = await start(policy, (_req, res) => ((res.statusCode = '201' as unknown as number), res.end('hello')))
      expect((await send(port)).status).toBe(201)
    }
  })

  it.each<[string, (res: ServerResponse) => unknown]>([
    ['writeHead', (res) => res.writeHead(201)],
    ['write', (res) => ((res.statusCode = 201), res.write('hello'))],
    ['end', (res) => ((res.statusCode = 201), res.end('hello'))],
  ])('leave the status as it was with the head: one that is set after %s', async (_kind, begin) => {
    for (const policy of [passing, adding, addingLate, capturing]) {
      const port = await start(policy, (_req, res) => {
        begin(res)
        res.statusCode = 500
        if (!res.writableEnded) res.end()
      })
      expect((await send(port)).status).toBe(201)
    }
  })
})
