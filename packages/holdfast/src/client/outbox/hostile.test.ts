import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { indexedDbOutbox } from './indexeddb/index.ts'
import type { IndexedDbFactory } from './indexeddb/index.ts'
import { memoryOutbox } from './memory/index.ts'
import { outbox } from './outbox.ts'
import type { OutboxRequest } from './request.ts'

const url = 'https://api.example/transfers'
const answering = (response: () => Response) => outbox({ store: memoryOutbox(), fetch: () => Promise.resolve(response()) })

/** Lets promises settle. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve()
}

describe('an outbox', () => {
  it('does not take the page behind a redirect for the outcome', async () => {
    const seen: string[] = []
    const server = createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`)
      if (request.url === '/transfers') response.writeHead(302, { location: '/login' })
      response.end('please log in')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}/transfers`
    const { entry } = await outbox({ store: memoryOutbox() }).send('a', { url: at, body: 'x' })
    server.close()
    expect([entry.state, entry.result]).toEqual(['dead', { status: 302, location: '/login' }])
    expect(seen).toEqual(['POST /transfers'])
  })

  it('takes See Other for done: the request was carried out, and its outcome is elsewhere', async () => {
    const { entry } = await answering(() => new Response(null, { status: 303, headers: { location: '/transfers/1' } })).send('a', { url })
    expect([entry.state, entry.result]).toEqual(['done', { status: 303, location: '/transfers/1' }])
  })

  it('ends with an answer that may have no body', async () => {
    const { entry, response } = await answering(() => new Response(null, { status: 304 })).send('a', { url, method: 'GET' })
    expect([entry.state, response?.status]).toEqual(['dead', 304])
  })

  it('ends with a refusal whose page is long', async () => {
    const { entry } = await answering(() => new Response('x'.repeat(100_000), { status: 404 })).send('a', { url })
    expect([entry.state, entry.result]).toEqual(['dead', { status: 404 }])
  })

  it('sends again after a refusal that broke off before it said what it was', async () => {
    const broken = (): Response =>
      new Response(new ReadableStream({ start: (controller) => controller.error(new TypeError('terminated')) }), { status: 409 })
    expect((await answering(broken).send('a', { url })).entry.state).toBe('pending')
  })

  it('waits for what is being sent when it is stopped, also where its store failed meanwhile', async () => {
    const inner = memoryOutbox()
    let takes = 0
    const store = {
      ...inner,
      take: (take: Parameters<typeof inner.take>[0]) => (++takes === 2 ? Promise.reject(new Error('away')) : inner.take(take)),
    }
    let answer: (response: Response) => void = () => {}
    const box = outbox({ store, fetch: () => new Promise((resolve) => (answer = resolve)) })
    await box.enqueue('a', { url })
    const stop = box.start()
    await settle()
    let isOver = false
    const stopping = stop().then(() => (isOver = true))
    await settle()
    expect(isOver).toBe(false)
    answer(new Response())
    await stopping
    expect((await box.find('a'))?.state).toBe('done')
  })

  it.each(['ocp-apim-subscription-key', 'x-functions-key', 'x-access-key', 'x-apikey', 'x-jwt', 'authentication', 'x-bearer'])(
    'keeps no field %s',
    async (name) => {
      await expect(keep({ headers: { [name]: 'secret' } })).rejects.toMatchObject({ code: 'secret-refused' })
    },
  )

  it.each([
    'X-Amz-Signature',
    'X-Amz-Security-Token',
    'X-Amz-Credential',
    'client_secret',
    'refresh_token',
    'access_token',
    'jwt',
    'sig',
    'key',
  ])('keeps no parameter %s', async (name) => {
    await expect(keep({ url: `${url}?${name}=secret` })).rejects.toMatchObject({ code: 'secret-refused' })
  })

  it.each(['x-partition-key', 'x-routing-key', 'authority', 'content-type'])('keeps the field %s, which is no credential', async (name) => {
    expect((await keep({ headers: { [name]: 'a' } })).headers.some(([kept]) => kept === name)).toBe(true)
  })
})

const keep = (request: Partial<OutboxRequest>) => outbox({ store: memoryOutbox() }).enqueue('a', { url, ...request })

it('opens a database again that the browser has closed', async () => {
  let opened = 0
  const closed = {
    transaction() {
      throw new Error('The database connection is closing')
    },
  }
  const factory = {
    open() {
      opened++
      const request = { result: closed, onsuccess: () => {} }
      queueMicrotask(() => request.onsuccess())
      return request
    },
  } as unknown as IndexedDbFactory
  const store = indexedDbOutbox({ factory })
  await expect(store.find('a')).rejects.toMatchObject({ code: 'store-unavailable' })
  await expect(store.find('a')).rejects.toMatchObject({ code: 'store-unavailable' })
  expect(opened).toBe(2)
})
