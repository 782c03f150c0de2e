import { expect, it } from 'vitest'
import { describeMatrix } from '../scenarios/matrix.ts'
import { startThings } from './service.ts'

describeMatrix('preconditions of writes', {}, (matrix) => {
  it('let a change through that was made for the current state, and give the next tag [C1]', async () => {
    const { send, make, tagOf } = await startThings(matrix)
    const tag = await make('a', 'one')
    const done = await send('PUT', '/things/a', { body: { name: 'two' }, headers: { 'if-match': tag } })
    expect([done.status, done.json]).toEqual([200, { name: 'two' }])
    expect(done.headers['etag']).not.toBe(tag)
    expect(done.headers['etag']).toBe(await tagOf('a'))
    expect(done.headers['cache-control']).toContain('no-transform')
  })

  it('keep out a change that was made for an older one, and say which is current [C2]', async () => {
    const { send, make, things } = await startThings(matrix)
    const old = await make('a', 'one')
    const current = String((await send('PUT', '/things/a', { body: { name: 'two' }, headers: { 'if-match': old } })).headers['etag'])
    const stale = await send('PUT', '/things/a', { body: { name: 'lost' }, headers: { 'if-match': old } })
    expect([stale.status, stale.json['code'], stale.headers['etag'], stale.headers['cache-control']]).toEqual([
      412,
      'version-conflict',
      current,
      'no-store',
    ])
    expect((await things.read('a'))?.name).toBe('two')
  })

  it('are asked for, and a call without one changes nothing and uses no key up [C3] [C21]', async () => {
    const { send, make, things } = await startThings(matrix)
    const tag = await make('a', 'one')
    const [body, key] = [{ name: 'two' }, 'key-1']
    const missing = await send('PUT', '/things/a', { body, key })
    expect([missing.status, missing.json['code']]).toEqual([428, 'precondition-required'])
    const stale = await send('PUT', '/things/a', { body, key, headers: { 'if-match': '"zz"' } })
    expect([stale.status, (await things.read('a'))?.name]).toEqual([412, 'one'])
    const done = await send('PUT', '/things/a', { body, key, headers: { 'if-match': tag } })
    expect([done.status, done.headers['idempotent-replayed'], (await things.read('a'))?.name]).toEqual([200, 'false', 'two'])
  })

  it('that cannot be read are refused before anything happens [C8]', async () => {
    const { send, make, things } = await startThings(matrix)
    const tag = await make('a', 'one')
    for (const value of ['abc', tag.slice(1), `${tag} ${tag}`, `*, ${tag}`]) {
      const refused = await send('PUT', '/things/a', { body: { name: 'two' }, headers: { 'if-match': value } })
      expect([value, refused.status, refused.json['code']]).toEqual([value, 400, 'malformed-etag'])
    }
    expect((await things.read('a'))?.name).toBe('one')
  })

  it('know by a star whether a thing is there [C9]', async () => {
    const { send, make } = await startThings(matrix)
    await make('a', 'one')
    const star = { headers: { 'if-match': '*' } }
    expect((await send('PUT', '/things/a', { body: { name: 'two' }, ...star })).status).toBe(200)
    expect((await send('PUT', '/things/missing', { body: { name: 'two' }, ...star })).status).toBe(412)
    expect((await send('DELETE', '/things/missing', star)).status).toBe(404)
  })

  it('make a thing once [C10]', async () => {
    const { send, make } = await startThings(matrix)
    await make('a', 'one')
    const absent = { headers: { 'if-none-match': '*' } }
    expect((await send('PUT', '/things/a', { body: { name: 'two' }, ...absent })).status).toBe(412)
    expect((await send('PUT', '/things/b', { body: { name: 'two' }, ...absent })).status).toBe(201)
    const both = await Promise.all([1, 2].map((at) => send('PUT', '/things/c', { body: { name: `${at}` }, ...absent })))
    expect(both.map(({ status }) => status).toSorted()).toEqual([201, 412])
  })

  it('fit no thing that was deleted and made again [C26]', async () => {
    const { send, make, things } = await startThings(matrix)
    const old = await make('a', 'one')
    expect((await send('DELETE', '/things/a', { headers: { 'if-match': '"zz"' } })).status).toBe(412)
    expect((await send('DELETE', '/things/a', { headers: { 'if-match': old } })).status).toBe(204)
    expect((await send('DELETE', '/things/a', { headers: { 'if-match': old } })).status).toBe(404)
    const fresh = await make('a', 'one')
    expect(fresh).not.toBe(old)
    expect((await send('PUT', '/things/a', { body: { name: 'stale' }, headers: { 'if-match': old } })).status).toBe(412)
    expect((await things.read('a'))?.name).toBe('one')
  })

  it('leave the tag of a thing that a change does not change [C27]', async () => {
    const { send, make, tagOf } = await startThings(matrix)
    const tag = await make('a', 'one')
    const same = await send('PUT', '/things/a', { body: { name: 'one' }, headers: { 'if-match': tag } })
    expect([same.status, same.headers['etag'], await tagOf('a')]).toEqual([200, tag, tag])
  })
})
