import { describe, expect, it } from 'vitest'
import { createReply, jsonReply, withBody, withHeaders } from './reply.ts'
import type { Reply } from './reply.ts'

describe('replies', () => {
  it('are made from parts, empty ones by default', () => {
    const { status, headers, body } = createReply(204)
    expect([status, [...headers], body]).toEqual([204, [], null])
  })

  it('carry JSON with its type, which the caller may override', () => {
    expect([jsonReply(200, { a: 1 }).body, jsonReply(200, {}).headers.get('content-type')]).toEqual(['{"a":1}', 'application/json'])
    expect(jsonReply(200, {}, { 'content-type': 'application/hal+json' }).headers.get('content-type')).toBe('application/hal+json')
  })

  it('are never changed: withHeaders and withBody make others', () => {
    const reply = createReply(200, { 'x-a': '1' }, 'one')
    const other = withBody(withHeaders(reply, { 'x-a': undefined, 'x-b': '2' }), 'two')
    expect([[...other.headers], other.body]).toEqual([[['x-b', '2']], 'two'])
    expect([[...reply.headers], reply.body]).toEqual([[['x-a', '1']], 'one'])
  })

  it('may be a fetch Response', () => {
    const reply: Reply = new Response('hello', { status: 201, headers: { 'x-a': '1' } })
    expect([withHeaders(reply, { 'x-b': '2' }).status, withHeaders(reply, { 'x-b': '2' }).headers.get('x-a')]).toEqual([201, '1'])
  })
})
