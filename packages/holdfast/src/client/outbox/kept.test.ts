import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { outboxWorld, problem, url } from '../../../test/client/support/outbox-world.ts'
import { sqliteOutbox } from './sqlite/index.ts'

describe('what an outbox keeps', () => {
  it('has no Authorization in the file: it is added at each send [72]', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'outbox-secrets-'))
    const database = new DatabaseSync(join(folder, 'outbox.db'))
    const { seen, make, run, time } = outboxWorld((count) => (count === 1 ? problem(503) : undefined))
    let token = 0
    const box = make({
      store: sqliteOutbox(database, { clock: time }),
      secrets: 'strip',
      authorize: () => ({ authorization: `Bearer secret-${++token}` }),
    })
    const headers = { Authorization: 'Bearer secret-own', Cookie: 'session=secret', 'X-Api-Key': 'secret', 'content-type': 'text/plain' }
    await run(box.send('a', { url: `${url}?api_key=secret&limit=5`, body: 'hello', headers }))
    await run(box.drain({ wait: true }))
    expect(seen.map((sent) => [sent.url, sent.headers.get('authorization'), sent.headers.get('cookie')])).toEqual([
      [`${url}?limit=5`, 'Bearer secret-1', null],
      [`${url}?limit=5`, 'Bearer secret-2', null],
    ])
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'))
    expect(files.join('')).toContain('hello')
    expect(files.join('')).not.toMatch(/secret|Bearer/)
    database.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each([
    [{ url, headers: { authorization: 'Bearer x' } }, 'authorization'],
    [{ url, headers: { cookie: 'a=b' } }, 'cookie'],
    [{ url, headers: { 'x-auth-token': 'x' } }, 'x-auth-token'],
    [{ url: `${url}?access_token=x` }, 'access_token'],
    [{ url: 'https://user:pass@api.example/' }, 'user name'],
  ])('refuses %j, and says where credentials belong [72]', async (request, name) => {
    const error: unknown = await outboxWorld()
      .make()
      .send('a', request)
      .catch((caught: unknown) => caught)
    // A URL with a password cannot be fetched at all.
    expect(error).toMatchObject({ code: expect.stringMatching(/secret-refused|configuration-invalid/) as unknown })
    if (name !== 'user name') expect((error as Error).message).toContain(name)
  })

  it.each([
    ['an intent without a name', '', { url }, 'configuration-invalid'],
    ['a URL that is none', 'a', { url: '/transfers' }, 'configuration-invalid'],
    ['a field that is none', 'a', { url, headers: { 'a b': 'c' } }, 'configuration-invalid'],
    ['a key of its own', 'a', { url, headers: { 'idempotency-key': 'k' } }, 'configuration-invalid'],
    ['a body that is too long', 'a', { url, body: 'x'.repeat(2_000_000) }, 'body-too-large'],
  ])('refuses %s before anything is kept', async (_what, id, request, code) => {
    const { make, store } = outboxWorld()
    await expect(make().send(id, request)).rejects.toMatchObject({ code })
    expect(await store.list({ limit: 1 })).toEqual([])
  })

  it('is every kind of body as bytes, with its type', async () => {
    const { seen, make, run } = outboxWorld()
    const box = make()
    const form = new FormData()
    form.set('a', 'b')
    await run(box.send('params', { url, body: new URLSearchParams({ a: '1' }) }))
    await run(box.send('form', { url, body: form }))
    await run(box.send('form', { url, body: form }))
    expect(seen.map(({ headers, body }) => [headers.get('content-type')?.replace(/boundary=.*/, ''), body.includes('a')])).toEqual([
      ['application/x-www-form-urlencoded;charset=UTF-8', true],
      ['multipart/form-data; ', true],
    ])
  })
})
