import { expect, it } from 'vitest'
import { describeAdapters, reported } from '../adapters/matrix.ts'
import { changes, v1, v2, v3 } from './fixture.ts'
import { oddBody, startService } from './service.ts'
import { defineChange, refusals, resource } from '../../src/versioning/index.ts'
import { open } from '../adapters/client.ts'

const order = { amount: 1050, currency: 'eur', from: 'wal_1', to: 'wal_2', memo: 'rent' }
const newestOrder = {
  amount: { value: '10.50', currency: 'EUR' },
  source: { id: 'wal_1' },
  destination: { id: 'wal_2' },
  metadata: { memo: 'rent' },
}

describeAdapters('translation', (start) => {
  it('shows a handler the newest shape, and its caller the shape it knows [T1]', async () => {
    const service = await startService(start)
    const answer = await service.call('POST', '/payments', { version: v1, key: 'k1', body: order })
    expect(service.seen).toEqual([{ body: newestOrder, url: '/transfers' }])
    expect([answer.status, answer.json]).toEqual([201, { id: 'trf_1', status: 'done', ...order }])
    expect(answer.headers['api-version']).toBe(v1)
  })

  it('gives three shapes of one row [T2]', async () => {
    const service = await startService(start)
    const [one, two, three] = await Promise.all([
      service.call('GET', '/payments/trf_1', { version: v1 }),
      service.call('GET', '/transfers/trf_1', { version: v2 }),
      service.call('GET', '/transfers/trf_1', { version: v3 }),
    ])
    expect([one.json, two.json, three.json]).toEqual([
      { id: 'trf_1', from: 'wal_1', to: 'wal_2', amount: 1050, currency: 'eur', status: 'done', memo: 'rent' },
      { id: 'trf_1', from: 'wal_1', to: 'wal_2', amount: { value: '10.50', currency: 'EUR' }, status: 'done', memo: 'rent' },
      expect.objectContaining({ source: { id: 'wal_1' }, status: 'posted', metadata: { memo: 'rent', ref: '7' } }) as unknown,
    ])
  })

  it('translates the envelope of a list and each item in it [T3]', async () => {
    const service = await startService(start)
    const { json } = await service.call('GET', '/payments', { version: v1 })
    const list = json as { transfers: object[] }
    expect(Object.keys(list)).toEqual(['transfers', 'next'])
    expect(list.transfers).toHaveLength(100)
    expect(new Set(list.transfers.map((item) => Object.keys(item).join()))).toEqual(new Set(['id,from,to,amount,status,memo,currency']))
  })

  it('translates a resource inside another [T4]', async () => {
    const service = await startService(start)
    const { json } = await service.call('GET', '/wallets/wal_1?expand=last_transfer', { version: v1 })
    expect(json).toMatchObject({
      owner: 'Ann',
      name: 'Rent',
      balance: 1050,
      last_transfer: { from: 'wal_1', amount: 1050, status: 'done' },
    })
  })

  it('passes an answer byte for byte when nothing applies to it [T11]', async () => {
    const service = await startService(start)
    for (const version of [v3, v1]) expect((await service.call('GET', '/plain', { version })).text).toBe(oddBody)
  })

  it('keeps every span that a change does not touch [T12]', async () => {
    const text =
      '{ "id" : "t", "external_no":9007199254740993 , "amount" : {"value":"10.50","currency":"EUR"}, "x":1.0, "x":10.00,\n "status" : "posted" }'
    const service = await startService(start, { handler: () => ({ headers: { 'content-type': 'application/json' }, body: text }) })
    expect((await service.call('GET', '/transfers/t', { version: v2 })).text).toBe(text.replace('posted', 'done'))
    expect((await service.call('GET', '/payments/t', { version: v1 })).text).toBe(
      '{ "id" : "t", "external_no":9007199254740993 , "amount" : 1050, "x":1.0, "x":10.00,\n "status" : "done", "currency" : "eur" }',
    )
  })

  it('gives refusals of handlers the shape and the status of the version [T13]', async () => {
    const service = await startService(start)
    const one = await service.call('GET', '/payments/none', { version: v1 })
    expect([one.status, one.json, one.headers['content-type']]).toEqual([
      404,
      { error: { code: 'transfer-not-found', message: 'no such transfer' } },
      expect.stringContaining('application/json'),
    ])
    const poor = { amount: 1_000_000, currency: 'eur', from: 'a', to: 'b' }
    expect(await service.call('POST', '/payments', { version: v1, key: 'k', body: poor })).toMatchObject({
      status: 400,
      json: { error: { code: 'insufficient-funds' } },
    })
    const two = await service.call('POST', '/transfers', {
      version: v2,
      key: 'k2',
      body: { amount: { value: '9999.00', currency: 'EUR' }, from: 'a', to: 'b' },
    })
    expect([two.status, two.json]).toEqual([
      400,
      expect.objectContaining({ status: 400, code: 'insufficient-funds', errors: [{ pointer: '/from', detail: 'too poor' }] }),
    ])
    expect(
      await service.call('POST', '/transfers', {
        version: v3,
        key: 'k3',
        body: { ...newestOrder, amount: { value: '9999.00', currency: 'EUR' } },
      }),
    ).toMatchObject({ status: 422 })
  })

  it('gives refusals of Holdfast itself the shape of the version, and keeps their fields [T14]', async () => {
    const service = await startService(start, { api: { limits: [{ name: 'few', limit: 3, windowSeconds: 60 }] } })
    expect(await service.call('POST', '/guarded', { version: v1, body: {} })).toMatchObject({
      status: 428,
      json: { error: { code: 'precondition-required' } },
    })
    await service.call('GET', '/plain', { version: v1 })
    await service.call('GET', '/plain', { version: v1 })
    const limited = await service.call('GET', '/plain', { version: v1 })
    expect(limited).toMatchObject({ status: 429, json: { error: { code: 'quota-exceeded' } } })
    expect(limited.headers['retry-after']).toMatch(/^\d+$/)
    expect(await service.call('GET', '/plain', { version: v1, account: '' })).toMatchObject({
      status: 401,
      json: { error: { code: 'account-unknown' } },
    })
  })

  it('names the version in Vary, beside what the origin varies by, on every answer [T15]', async () => {
    const service = await startService(start)
    expect((await service.call('GET', '/transfers', { version: v3 })).headers.vary).toBe('Accept-Encoding, API-Version')
    const known = (await service.call('GET', '/transfers/t', { version: v3 })).headers.etag as string
    for (const answer of [
      await service.call('GET', '/transfers/t', { version: v3, headers: { 'if-none-match': known } }),
      await service.call('GET', '/transfers/none', { version: v2 }),
      await service.call('GET', '/plain', { version: '1999-01-01' }),
    ])
      expect([answer.status, answer.headers.vary]).toEqual([expect.any(Number), expect.stringContaining('API-Version')])
    expect((await service.call('GET', '/transfers/t', { version: v3, headers: { 'if-none-match': known } })).status).toBe(304)
    expect((await service.call('GET', '/plain')).headers.vary).toContain('Authorization')
  })

  it('tells callers of a deprecated version since when, until when, and where to read on [T16]', async () => {
    const service = await startService(start)
    const { headers } = await service.call('GET', '/plain', { version: v1 })
    expect(headers['deprecation']).toBe(`@${Date.UTC(2026, 5, 1) / 1000}`)
    expect(headers['sunset']).toBe('Tue, 01 Jun 2027 00:00:00 GMT')
    expect(headers['link']).toBe(
      '<https://docs.example/versions/2025-01-15>; rel="deprecation", <https://docs.example/versions/2025-01-15>; rel="sunset"',
    )
    expect((await service.call('GET', '/plain', { version: v3 })).headers['deprecation']).toBeUndefined()
  })

  it('keeps what an old version cannot express when it writes back what it has read [T18]', async () => {
    const service = await startService(start)
    const answer = await service.call('PUT', '/wallets/wal_1', {
      version: v1,
      body: { owner: 'Ann', name: 'Rent', nickname: 'r', tags: ['home'] },
    })
    expect(service.wallet).toMatchObject({ owners: ['Ann', 'Bob'], display_name: 'Rent', nickname: 'r', tags: ['home'] })
    expect(answer.json).toMatchObject({ owner: 'Ann', name: 'Rent', nickname: 'r' })
  })

  it('takes what an old version changes, and clears what it clears [T19]', async () => {
    const service = await startService(start)
    await service.call('PUT', '/wallets/wal_1', { version: v1, body: { owner: 'Cem', name: 'Rent', nickname: null } })
    expect(service.wallet).toMatchObject({ owners: ['Cem'], nickname: null })
    // V1 knows tags, which were additive: leaving them out of a full write clears them.
    expect(service.wallet['tags']).toBeUndefined()
  })

  it('applies a JSON Patch in the representation of its caller [T20]', async () => {
    const service = await startService(start)
    const before = service.wallet
    const patch = [{ op: 'replace', path: '/name', value: 'Food' }]
    const answer = await service.call('PATCH', '/wallets/wal_1', {
      version: v1,
      body: JSON.stringify(patch),
      headers: { 'content-type': 'application/json-patch+json' },
    })
    expect(service.wallet).toEqual({ ...before, display_name: 'Food' })
    expect(answer.json).toMatchObject({ name: 'Food', owner: 'Ann' })
  })

  it('upgrades the query, and keeps repeated names [T21]', async () => {
    const service = await startService(start)
    await service.call('GET', '/payments?status=done&status=open&sort=-name,id&x=a%20b', { version: v1 })
    expect(service.seen[0]?.url).toBe('/transfers?status=posted&status=open&sort=-display_name%2Cid&x=a%20b')
  })

  it('translates a stream line by line while it is produced [T22]', async () => {
    const lines = 10_000
    let produced = 0
    let release: () => void = () => {}
    const firstRead = new Promise<void>((resolve) => (release = resolve))
    const line = Buffer.from(
      `${JSON.stringify({ id: 'trf_1', source: { id: 'a' }, destination: { id: 'b' }, amount: { value: '10.50', currency: 'EUR' }, status: 'posted' })}\n`,
    )
    async function* rows(): AsyncGenerator<Uint8Array> {
      for (; produced < lines; produced++) {
        // The last row is held back until the first byte has arrived.
        if (produced === lines - 1) await firstRead
        yield produced === 7 ? Buffer.from('{"_cursor":"status posted"}\n') : line
      }
    }
    const service = await startService(start, { handler: () => ({ headers: { 'content-type': 'application/x-ndjson' }, body: rows() }) })
    const response = await open(service.port, { path: '/export', headers: { authorization: 'ada', 'api-version': v1 } })
    let text = ''
    for await (const chunk of response) {
      release()
      text += String(chunk)
    }
    const got = text.trimEnd().split('\n')
    expect(got).toHaveLength(lines)
    expect(got[7]).toBe('{"_cursor":"status posted"}')
    expect(new Set(got.toSpliced(7, 1))).toEqual(
      new Set(['{"id":"trf_1","from":"a","to":"b","amount":1050,"status":"done","currency":"eur"}']),
    )
  })

  it('answers 500 with the change that threw; the effect happened once, and its record is kept [T24]', async () => {
    let isBroken = true
    const broken = defineChange({
      id: 'broken',
      in: v3,
      summary: 'Throws.',
      on: resource('transfer'),
      request: { up: (before) => before as object },
      response: {
        down: (after) => {
          if (isBroken) throw new Error('a secret of the module')
          return after
        },
      },
      schema: { before: (after) => after },
    })
    const service = await startService(start, { versions: { changes: [...changes, broken] } })
    const ask = () => service.call('POST', '/payments', { version: v1, key: 'k1', body: order })
    const failed = await ask()
    expect([failed.status, failed.json]).toEqual([
      500,
      { error: { code: 'version-transform-failed', message: expect.any(String) as string } },
    ])
    expect(failed.text).not.toContain('secret')
    expect(String(reported)).toContain('a secret of the module')
    expect(
      (await service.call('POST', '/transfers', { version: v2, key: 'k2', body: { ...order, amount: { value: '1.00', currency: 'EUR' } } }))
        .json,
    ).toMatchObject({ change: 'broken' })
    expect((await ask()).status).toBe(500)
    isBroken = false
    const replayed = await ask()
    expect([replayed.status, replayed.headers['idempotent-replayed'], service.effects]).toEqual([201, 'true', 2])
  })

  it('rewrites Location and Link to the paths and the query of the version [T35]', async () => {
    const service = await startService(start)
    const made = await service.call('POST', '/payments', { version: v1, key: 'k1', body: order })
    expect(made.headers.location).toBe('/payments/trf_1')
    const list = await service.call('GET', '/payments', { version: v1 })
    expect(list.headers['link']).toBe(
      '</payments?status=done&cursor=abc>; rel="next"; title="a, b", <https://docs.example/versions/2025-01-15>; rel="deprecation", <https://docs.example/versions/2025-01-15>; rel="sunset"',
    )
    expect((await service.call('GET', '/transfers', { version: v2 })).headers['link']).toBe(
      '</transfers?status=done&cursor=abc>; rel="next"; title="a, b"',
    )
  })

  it('knows a path only in the versions that have it [T35]', async () => {
    const service = await startService(start)
    expect((await service.call('GET', '/payments/t', { version: v1 })).status).toBe(200)
    expect(await service.call('GET', '/payments/t', { version: v3 })).toMatchObject({ status: 404, json: { code: 'route-not-in-version' } })
    expect(await service.call('GET', '/transfers/t', { version: v1 })).toMatchObject({
      status: 404,
      json: { error: { code: 'route-not-in-version' } },
    })
  })

  it('refuses a body that is not of its version, or no JSON', async () => {
    const service = await startService(start)
    for (const [index, body] of ['{', '[]x', '{"amount":1} x', `{"a":${'['.repeat(500)}`].entries()) {
      const answer = await service.call('POST', '/payments', { version: v1, key: `k${index}`, body })
      expect([answer.status, answer.json]).toEqual([400, { error: { code: 'body-invalid', message: expect.any(String) as string } }])
    }
    expect(service.seen).toEqual([])
  })

  it('tells a handler which changes its caller has', async () => {
    expect(refusals.kind).toBe('refusals')
    const { applied } = await import('../../src/versioning/index.ts')
    const service = await startService(start, {
      handler: (_asked, call) => ({
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify([applied(call, 'overdraft-422'), applied(call, 'display-name')]),
      }),
    })
    const ask = async (version: string) => (await service.call('GET', '/plain', { version })).text
    expect([await ask(v1), await ask(v2), await ask(v3)]).toEqual(['[false,false]', '[false,true]', '[true,true]'])
  })
})
