import { expect, it } from 'vitest'
import { describeMatrix } from '../scenarios/matrix.ts'
import { openThings } from './things.ts'
import { startThings } from './service.ts'
import type { Service } from './service.ts'

const times = <T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)))

describeMatrix('races', { kits: ['node', 'fastify'] }, (matrix) => {
  const pair = async (): Promise<[Service, Service]> => {
    const opened = await matrix.open()
    await openThings(opened, matrix.storeKit.name)
    const first = await startThings(matrix, opened)
    // Documents of memory and Redis are those of the first; a database is opened a second time.
    const isShared = matrix.storeKit.name === 'memory' || matrix.storeKit.name === 'redis'
    return [first, await startThings(matrix, isShared ? opened : await opened.twin())]
  }

  it('of fifty writers with one tag have one winner, over two servers [C4]', async () => {
    const servers = await pair()
    const tag = await servers[0].make('a', 'one')
    const all = await times(50, (at) =>
      (servers[at % 2] as Service).send('PUT', '/things/a', { body: { name: `n${at}` }, headers: { 'if-match': tag } }),
    )
    expect(all.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 49 }, () => 412)])
    expect((await servers[0].things.read('a'))?.name).toBe(all.find(({ status }) => status === 200)?.json['name'])
  })

  it('with a lost answer end well, by the key [C19]', async () => {
    const { send, make, things, tagOf } = await startThings(matrix)
    const [tag, key] = [await make('a', 'one'), 'lost']
    const call = { body: { name: 'two' }, key, headers: { 'if-match': tag } }
    const first = await send('PUT', '/things/a', call)
    const again = await send('PUT', '/things/a', call)
    expect([again.status, again.text, again.headers['etag'], again.headers['idempotent-replayed']]).toEqual([
      200,
      first.text,
      first.headers['etag'],
      'true',
    ])
    await send('PUT', '/things/a', { body: { name: 'three' }, headers: { 'if-match': await tagOf('a') } })
    expect((await send('PUT', '/things/a', call)).status).toBe(200)
    expect((await things.read('a'))?.name).toBe('three')
  })
})

describeMatrix('a race', { kits: ['node'] }, (matrix) => {
  it('of eight writers that count lose no count [C5]', async () => {
    const { send, make, things } = await startThings(matrix)
    await make('a', '0')
    await times(8, async () => {
      for (let done = 0; done < 25;) {
        const read = await send('GET', '/things/a')
        const name = String(Number(read.json['name']) + 1)
        const written = await send('PUT', '/things/a', { body: { name }, headers: { 'if-match': String(read.headers['etag']) } })
        expect([200, 412]).toContain(written.status)
        if (written.status === 200) done += 1
      }
    })
    expect((await things.read('a'))?.name).toBe('200')
  })
})

describeMatrix('a lost answer without a key', { kits: ['node', 'hono'], stores: ['sqlite', 'postgres'] }, (matrix) => {
  it('is 412, or 200 where the row remembers its last write [C20]', async () => {
    const { send, make } = await startThings(matrix)
    const twice = async (route: string, second: string): Promise<number> => {
      const headers = { 'if-match': await make(route, 'one') }
      await send('PUT', `/${route}/${route}`, { body: { name: 'two' }, headers })
      return (await send('PUT', `/${route}/${route}`, { body: { name: second }, headers })).status
    }
    expect(await twice('things', 'two')).toBe(412)
    expect(await twice('remembering', 'two')).toBe(200)
    await send('DELETE', '/things/remembering', { headers: { 'if-match': '*' } })
    expect(await twice('remembering', 'other')).toBe(412)
  })
})
