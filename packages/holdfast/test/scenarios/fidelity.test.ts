import { connect } from 'node:net'
import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { open as openRequest } from '../adapters/client.ts'
import { describeMatrix } from './matrix.ts'
import type { ScenarioHandler } from './matrix.ts'

describeMatrix('replay fidelity', { stores: ['memory'] }, ({ open, start }) => {
  it.each([
    ['204', 204, undefined],
    ['an empty 200', 200, ''],
    ['a zero', 200, '0'],
    ['false', 200, 'false'],
    ['null', 200, 'null'],
    ['zero bytes', 200, Uint8Array.of(0, 0, 255)],
  ])('replays %s as a real answer [24]', async (_what, status, body) => {
    const opened = await open()
    const { post } = await start({
      open: opened,
      handler: async ({ add }) => (await add(), { status, ...(body !== undefined && { body }) }),
    })
    const [first, repeat] = [await post('/transfers'), await post('/transfers')]
    expect([repeat.status, repeat.bytes, repeat.headers['idempotent-replayed']]).toEqual([status, first.bytes, 'true'])
    expect(repeat.headers['content-type']).toBe(first.headers['content-type'])
    expect(await opened.effects()).toBe(1)
  })

  it('replays an answer that was streamed, whole [26]', async () => {
    const opened = await open()
    const handler: ScenarioHandler = async ({ add }) => {
      await add()
      return {
        status: 200,
        headers: { 'content-type': 'text/plain' },
        body: (async function* () {
          for (let line = 0; line < 50; line++) yield Buffer.from(`line ${line}\n`.repeat(100))
        })(),
      }
    }
    const { post } = await start({ open: opened, handler })
    const [first, repeat] = [await post('/transfers'), await post('/transfers')]
    expect(first.bytes.byteLength).toBeGreaterThan(30_000)
    expect([repeat.status, repeat.headers['idempotent-replayed'], Buffer.compare(repeat.bytes, first.bytes)]).toEqual([200, 'true', 0])
    expect(await opened.effects()).toBe(1)
  })

  it('replays what belongs to the answer, and not what belonged to the exchange [27]', async () => {
    const kept = { location: '/transfers/1', etag: '"1"', link: '</transfers>; rel="up"', 'content-type': 'text/plain', 'x-invoice': 'i-7' }
    const dropped = {
      'set-cookie': ['session=1', 'theme=dark'],
      traceparent: '00-1-2-01',
      'x-request-id': 'r-1',
      'server-timing': 'db;dur=5',
      'ratelimit-remaining': '9',
    }
    const { post } = await start({ open: await open(), handler: () => ({ status: 201, headers: { ...kept, ...dropped }, body: 'done' }) })
    const [first, repeat] = [await post('/transfers'), await post('/transfers')]
    expect(first.headers['set-cookie']).toEqual(['session=1', 'theme=dark'])
    for (const [name, value] of Object.entries(kept)) expect(repeat.headers[name]).toContain(value)
    for (const name of Object.keys(dropped)) expect(repeat.headers[name]).toBeUndefined()
    expect(repeat.headers['date']).toBeDefined()
    expect(repeat.headers['content-length'] ?? '4').toBe('4')
  })

  it('replays a compressed answer to a caller who accepts it, and decodes it for one who does not [28]', async () => {
    const handler: ScenarioHandler = () => ({
      status: 200,
      headers: { 'content-type': 'text/plain', 'content-encoding': 'gzip' },
      body: gzipSync('hello hello'),
    })
    const { post } = await start({ open: await open(), handler })
    const first = await post('/transfers', { headers: { 'accept-encoding': 'gzip' } })
    expect((await post('/transfers', { headers: { 'accept-encoding': 'gzip' } })).bytes).toEqual(first.bytes)
    const plain = await post('/transfers', { headers: { 'accept-encoding': 'identity' } })
    expect([plain.text, plain.headers['content-encoding']]).toEqual(['hello hello', undefined])
  })

  it.each<[string, Record<string, string>]>([
    ['two mebibytes', { 'content-type': 'application/octet-stream' }],
    ['an event stream', { 'content-type': 'text/event-stream' }],
  ])('does not run a call again whose answer was %s, and says so [29]', async (what, headers) => {
    const opened = await open()
    const chunks = what === 'an event stream' ? 3 : 32
    const handler: ScenarioHandler = async ({ add }) => {
      await add()
      return {
        status: 200,
        headers: { ...headers, location: '/exports/1' },
        body: (async function* () {
          for (let chunk = 0; chunk < chunks; chunk++) yield Buffer.alloc(65_536, 46)
        })(),
      }
    }
    const { post } = await start({ open: opened, handler })
    expect((await post('/transfers')).bytes.byteLength).toBe(chunks * 65_536)
    const repeat = await post('/transfers')
    expect(repeat.json).toMatchObject({ code: 'not-replayable', status: 409, retryable: false, originalStatus: 200 })
    expect(repeat.headers['location']).toBe('/exports/1')
    expect(await opened.effects()).toBe(1)
  })

  it('replays a final refusal, and lets a passing one be tried again [30]', async () => {
    const opened = await open()
    let status = 422
    const { post } = await start({
      open: opened,
      handler: async ({ add }) => (
        status < 300 && (await add()),
        { status, headers: { 'content-type': 'application/json' }, body: `{"status":${status}}` }
      ),
    })
    const refused = await post('/transfers')
    status = 201
    const repeat = await post('/transfers')
    expect([repeat.status, repeat.text, repeat.headers['idempotent-replayed']]).toEqual([422, refused.text, 'true'])
    for (const passing of [401, 403, 429, 412, 409]) {
      status = passing
      expect((await post('/transfers', { key: `k${passing}` })).status).toBe(passing)
      status = 201
      expect((await post('/transfers', { key: `k${passing}` })).status).toBe(201)
    }
    expect(await opened.effects()).toBe(5)
  })

  it('keeps the effect and the answer of a caller who goes away [56]', async () => {
    const opened = await open()
    const [entered, leave, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const handler: ScenarioHandler = async ({ asked, add }) => {
      await asked.body()
      entered.resolve()
      await leave.promise
      await add()
      left.resolve()
      return { status: 201, body: 'done' }
    }
    const { port, post } = await start({ open: opened, handler })
    const socket = connect(port, '127.0.0.1')
    const body = '{"amount":5}'
    socket.write(
      `POST /transfers HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ada.t\r\ncontent-type: application/json\r\nidempotency-key: key-1\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
    await entered.promise
    socket.destroy()
    await once(socket, 'close')
    leave.resolve()
    await left.promise
    expect(await post('/transfers')).toMatchObject({ status: 201, text: 'done' })
    expect(await opened.effects()).toBe(1)
  })

  it('gives the whole answer to a caller whose connection was cut while reading it [57]', async () => {
    const opened = await open()
    const { port, post } = await start({
      open: opened,
      handler: async ({ add }) => (await add(), { status: 200, headers: { 'content-type': 'text/plain' }, body: 'x'.repeat(900_000) }),
    })
    const cut = await openRequest(port, {
      method: 'POST',
      path: '/transfers',
      headers: { authorization: 'Bearer ada.t', 'content-type': 'application/json', 'idempotency-key': 'key-1' },
      body: '{"amount":5}',
    })
    cut.destroy()
    const repeat = await post('/transfers')
    expect([repeat.status, repeat.bytes.byteLength, repeat.headers['idempotent-replayed']]).toEqual([200, 900_000, 'true'])
    expect(await opened.effects()).toBe(1)
  })
})

describeMatrix('replays that scripts of other origins read', {}, ({ open, start }) => {
  const marks = 'Idempotent-Replayed, Idempotency-Original-Date, Idempotency-Should-Retry'
  const fields = ({ headers }: { headers: Readonly<Record<string, unknown>> }): unknown[] =>
    ['allow-origin', 'allow-credentials', 'expose-headers'].map((name) => headers[`access-control-${name}`])
  const shared = (origin: string): ScenarioHandler => {
    const headers = {
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'X-Invoice',
      vary: 'Origin',
    }
    return async ({ add }) => (await add(), { status: 201, headers, body: 'done' })
  }

  it('carry what the handler said of the origin to that origin alone', async () => {
    const app = 'https://app.example'
    const { post } = await start({ open: await open(), handler: shared(app) })
    const granted = [app, 'true', `X-Invoice, ${marks}`]
    expect(fields(await post('/transfers', { headers: { origin: app } }))).toEqual(granted)
    const repeat = await post('/transfers', { headers: { origin: app } })
    expect([repeat.headers['idempotent-replayed'], ...fields(repeat)]).toEqual(['true', ...granted])
    for (const headers of [{ origin: 'https://other.example' }, { origin: 'null' }, { origin: `${app}.evil` }, {}]) {
      const other = await post('/transfers', { headers })
      expect([other.status, other.headers['vary'], ...fields(other)]).toEqual([201, 'Origin', undefined, undefined, undefined])
    }
  })

  it('carry it to every origin where the handler shared its answer with all', async () => {
    const { post } = await start({ open: await open(), handler: shared('*') })
    await post('/transfers', { headers: { origin: 'https://app.example' } })
    expect(fields(await post('/transfers', { headers: { origin: 'https://other.example' } }))).toEqual(['*', 'true', `X-Invoice, ${marks}`])
  })
})
