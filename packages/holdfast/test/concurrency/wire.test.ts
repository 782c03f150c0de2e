import { createServer, request } from 'node:http'
import { etagOf, expectationOf } from '../../src/concurrency/index.ts'
import { currentCall } from '../../src/core/index.ts'
import { expect, it, vi } from 'vitest'
import { listen } from '../adapters/matrix.ts'
import { describeMatrix } from '../scenarios/matrix.ts'
import { rows } from './rfc-9110.ts'
import { startThings } from './service.ts'

const merge = { 'content-type': 'application/merge-patch+json' }
const operations = { 'content-type': 'application/json-patch+json' }

describeMatrix('preconditions on the wire', { stores: ['memory'] }, (matrix) => {
  it('refuse a weakened tag and say so, or take it [C6]', async () => {
    const { send, make } = await startThings(matrix)
    const headers = { 'if-match': `W/${await make('a', 'one')}` }
    const refused = await send('PUT', '/things/a', { body: { name: 'two' }, headers })
    expect([refused.status, refused.json['code']]).toEqual([412, 'weak-etag'])
    expect((await send('PUT', '/lenient/a', { body: { name: 'two' }, headers })).status).toBe(200)
  })

  it('find the tag in a list [C7]', async () => {
    const { send, make } = await startThings(matrix)
    const tag = await make('a', 'one')
    expect((await send('PUT', '/things/a', { body: { name: 'two' }, headers: { 'if-match': `"x,y" ,, ${tag}` } })).status).toBe(200)
  })

  it('are evaluated in order [C11] [C12] [C13]', async () => {
    const { send, make } = await startThings(matrix)
    const tag = await make('a', 'one')
    const both = await send('PUT', '/things/a', { body: { name: 'two' }, headers: { 'if-match': tag, 'if-none-match': tag } })
    expect(both.status).toBe(412)
    expect((await send('GET', '/things/a', { headers: { 'if-match': '"x"', 'if-none-match': tag } })).status).toBe(412)
    const dated = { 'if-match': tag, 'if-unmodified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' }
    expect((await send('PUT', '/things/a', { body: { name: 'two' }, headers: dated })).status).toBe(200)
  })

  it('answer a read with 304 and all its fields but those about content [C14] [C15]', async () => {
    const { send, make } = await startThings(matrix)
    const tag = await make('a', 'one')
    const whole = await send('GET', '/things/a')
    for (const method of ['GET', 'HEAD']) {
      const known = await send(method, '/things/a', { headers: { 'if-none-match': `"x", W/${tag}` } })
      expect([known.status, known.text]).toEqual([304, ''])
      for (const name of ['etag', 'vary', 'cache-control', 'link', 'ratelimit', 'access-control-allow-origin'])
        expect([name, known.headers[name]]).toEqual([name, whole.headers[name]])
      for (const name of ['content-type', 'content-length', 'content-encoding'])
        expect([name, known.headers[name]]).toEqual([name, undefined])
    }
    expect(
      (await send('GET', '/things/a', { headers: { 'if-none-match': '"x"', 'if-modified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' } }))
        .status,
    ).toBe(200)
  })

  it('never answer a POST with 304 [C16]', async () => {
    const { send, make, tagOf } = await startThings(matrix)
    await make('a', 'one')
    const posted = await send('POST', '/free/a', { headers: { 'if-none-match': await tagOf('a') } })
    expect(posted.status).toBe(412)
    expect((await send('POST', '/free/a', { headers: { 'if-none-match': '"zz"' } })).status).toBe(200)
  })

  it('come after every other refusal [C17]', async () => {
    const { send, make } = await startThings(matrix)
    await make('a', 'one')
    const stale = { 'if-match': '"zz"' }
    expect((await send('PATCH', '/things/missing', { body: {}, headers: { ...stale, ...merge } })).status).toBe(404)
    expect((await send('PUT', '/things/a', { body: { name: 'x' }, headers: { ...stale, 'x-forbidden': '1' } })).status).toBe(403)
    const untyped = await send('PATCH', '/things/a', { body: {}, headers: stale })
    expect([untyped.status, untyped.headers['accept-patch']]).toEqual([415, 'application/merge-patch+json, application/json-patch+json'])
    expect((await send('OPTIONS', '/things/a', { headers: stale })).status).toBe(405)
  })

  it('show who may read it the current thing, in the version of the caller [C22]', async () => {
    const { send, make } = await startThings(matrix)
    await make('a', 'one')
    const conflict = async (more: Readonly<Record<string, string>>) =>
      send('PUT', '/things/a', { body: { name: 'x' }, headers: { 'if-match': '"zz"', prefer: 'return=representation', ...more } })
    const shown = await conflict({ 'api-version': '1' })
    expect([shown.json['current'], shown.headers['preference-applied']]).toEqual([{ title: 'one' }, 'return=representation'])
    expect((await conflict({})).json['current']).toEqual({ name: 'one' })
    expect('current' in (await conflict({ 'x-no-read': '1' })).json).toBe(false)
  })

  it('take the tag of another version for the same state, unless the route is strict [C23]', async () => {
    const { send, make } = await startThings(matrix)
    await make('a', 'one')
    const old = String((await send('GET', '/things/a', { headers: { 'api-version': '1' } })).headers['etag'])
    const write = (path: string) => send('PUT', path, { body: { name: 'one' }, headers: { 'if-match': old, 'api-version': '3' } })
    expect([(await write('/things/a')).status, (await write('/strict/a')).status]).toEqual([200, 412])
  })

  it('tell a compressed body from a plain one in a read, and not in a write [C24]', async () => {
    const { send, make } = await startThings(matrix)
    await make('a', 'one')
    const plain = String((await send('GET', '/things/a')).headers['etag'])
    const packed = String((await send('GET', '/things/a', { headers: { 'accept-encoding': 'gzip' } })).headers['etag'])
    expect(packed).not.toBe(plain)
    expect((await send('GET', '/things/a', { headers: { 'if-none-match': packed } })).status).toBe(200)
    expect((await send('GET', '/things/a', { headers: { 'if-none-match': packed, 'accept-encoding': 'gzip' } })).status).toBe(304)
    for (const tag of [plain, packed])
      expect((await send('PUT', '/things/a', { body: { name: 'one' }, headers: { 'if-match': tag } })).status).toBe(200)
    for (const tag of [plain, packed])
      expect((await send('PUT', '/strict/a', { body: { name: 'one' }, headers: { 'if-match': tag } })).status).toBe(200)
  })

  it('find out a proxy that weakens tags [C25]', async () => {
    const { scenario, make, send } = await startThings(matrix)
    await make('a', 'one')
    const proxy = createServer((req, res) => {
      const forward = request(
        { port: scenario.port, host: '127.0.0.1', method: req.method ?? 'GET', path: req.url ?? '/', headers: req.headers },
        (answer) => {
          const { etag } = answer.headers
          res.writeHead(answer.statusCode ?? 0, { ...answer.headers, ...(etag !== undefined && { etag: `W/${etag}` }) })
          answer.pipe(res)
        },
      )
      req.pipe(forward)
    })
    const port = await listen(proxy)
    const read = await fetch(`http://127.0.0.1:${port}/things/a`, { headers: { authorization: 'Bearer ada.token' } })
    const weak = read.headers.get('etag') ?? ''
    expect(weak).toMatch(/^W\//)
    const written = await send('PUT', '/things/a', { body: { name: 'two' }, headers: { 'if-match': weak } })
    expect([written.status, written.json['code'], written.json['detail']]).toEqual([
      412,
      'weak-etag',
      expect.stringContaining('an intermediary weakened the tag'),
    ])
    expect(read.headers.get('cache-control')).toContain('no-transform')
  })

  it('find out a handler that ignores them [C28]', async () => {
    const { send, make, things } = await startThings(matrix)
    const headers = { 'if-match': await make('a', 'one') }
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    expect((await send('PUT', '/forgetful/a', { body: { name: 'two' }, headers })).status).toBe(500)
    expect(await send('PUT', '/reported/a', { body: { name: 'two' }, headers })).toMatchObject({ status: 200, text: 'forgot' })
    expect(warn.mock.calls.map(([message]) => String(message)).join()).toContain('PUT /reported/:id')
    warn.mockRestore()
    expect((await things.read('a'))?.name).toBe('one')
  })

  it('go with patches [C29]', async () => {
    const { send, make, tagOf } = await startThings(matrix)
    const tag = await make('a', 'one')
    const test = (value: string) => [
      { op: 'test', path: '/name', value },
      { op: 'replace', path: '/name', value: 'two' },
    ]
    const wrong = await send('PATCH', '/things/a', { body: test('none'), headers: { ...operations, 'if-match': tag } })
    expect([wrong.status, wrong.json['code']]).toEqual([409, 'patch-test-failed'])
    expect((await send('PATCH', '/things/a', { body: test('one'), headers: { ...operations, 'if-match': '"zz"' } })).status).toBe(412)
    expect((await send('PATCH', '/things/a', { body: test('one'), headers: { ...operations, 'if-match': tag } })).json).toEqual({
      name: 'two',
    })
    expect(
      (await send('PATCH', '/things/a', { body: { name: 'three' }, headers: { ...merge, 'if-match': await tagOf('a') } })).json,
    ).toEqual({ name: 'three' })
  })

  it('take the tag of an item of a list as it is [C34]', async () => {
    const { send, make } = await startThings(matrix)
    await make('a', 'one')
    await make('b', 'two')
    const { data } = (await send('GET', '/things')).json as { data: { id: string; etag: string }[] }
    const etag = data.find(({ id }) => id === 'b')?.etag ?? ''
    expect((await send('PATCH', '/things/b', { body: { name: 'three' }, headers: { ...merge, 'if-match': etag } })).status).toBe(200)
  })

  it('are not satisfied by a date [C35]', async () => {
    const { send, make } = await startThings(matrix)
    await make('a', 'one')
    const dated = await send('PUT', '/things/a', { body: { name: 'two' }, headers: { 'if-unmodified-since': new Date().toUTCString() } })
    expect([dated.status, dated.json['code']]).toEqual([428, 'precondition-required'])
  })

  it('of a read that streams are evaluated by its head [C37]', async () => {
    const { send } = await startThings(matrix)
    const refused = await send('GET', '/export', { headers: { 'if-match': '"zz"' } })
    expect([refused.status, refused.json['code']]).toEqual([412, 'version-conflict'])
    const whole = await send('GET', '/export', { headers: { 'if-match': '*' } })
    expect([whole.status, whole.text.split('\n').length]).toEqual([200, 6])
  })
})

describeMatrix('all combinations of preconditions', { kits: ['node', 'fastify', 'express', 'hono'], stores: ['memory'] }, (matrix) => {
  it('are answered as RFC 9110 has it [C18]', async () => {
    const modifiedAt = Date.UTC(2026, 0, 1)
    const at = (offset: number): string => new Date(modifiedAt + offset).toUTCString()
    const { post } = await matrix.start({
      open: await matrix.open(),
      declaration: { routes: { 'GET /thing': { precondition: 'optional' }, 'PUT /thing': { precondition: 'optional' } } },
      handler: ({ asked }) => {
        const headers = { etag: etagOf(5), 'last-modified': at(0), 'content-type': 'application/json' }
        if (asked.method === 'GET') return { headers, body: '{}' }
        return { status: expectationOf(currentCall()).verify({ state: 5, modifiedAt }) ? 200 : 404 }
      },
    })
    const tag = String((await post('/thing', { method: 'GET', key: '', body: '' })).headers['etag'])
    const answers = await Promise.all(
      rows.map(async ({ method, status: _expected, ...fields }) => {
        const sent = {
          'if-match': { true: tag, false: '"4"', '-': '' }[fields.ifMatch],
          'if-unmodified-since': { true: at(1000), false: at(-1000), '-': '' }[fields.ifUnmodifiedSince],
          'if-none-match': { true: '"4"', false: tag, '-': '' }[fields.ifNoneMatch],
          'if-modified-since': { true: at(-1000), false: at(1000), '-': '' }[fields.ifModifiedSince],
        }
        const headers = Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== ''))
        const answer = await post('/thing', { method, key: '', body: method === 'GET' ? '' : '{}', headers })
        return { method, ...fields, status: answer.status }
      }),
    )
    expect(answers).toEqual(rows)
  })
})
