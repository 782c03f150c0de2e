import { describe, expect, it } from 'vitest'
import { isOutcomeUnknown, meta, newKey } from '../../src/client/index.ts'
import { answer, createWorld, networkError, problemAnswer, refused, reset } from './support/world.ts'

const post = { method: 'POST', body: '{"amount":100}', headers: { 'content-type': 'application/json' } }
const keys = (sent: readonly { headers: Headers }[]) => sent.map(({ headers }) => headers.get('idempotency-key'))

describe('a POST', () => {
  it('sends a key even with no retries, since some runtimes repeat by themselves [2]', async () => {
    const { call, sent } = createWorld([reset])
    await expect(call({ ...post, holdfast: { retries: 0 } })).rejects.toThrow('it is not known')
    expect(keys(sent)).toEqual([expect.stringMatching(/^"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"$/)])
  })

  it('without a key is sent once when its answer is lost, and says that nobody knows [4]', async () => {
    const { call, sent } = createWorld([reset])
    const error = await call({ ...post, holdfast: { key: false } }).catch((reason: unknown) => reason)
    expect(isOutcomeUnknown(error)).toBe(true)
    expect(error).toMatchObject({ code: 'outcome-unknown', key: undefined, cause: { message: 'fetch failed' } })
    expect([sent.length, meta(error).stop, meta(error).attempts]).toEqual([1, 'unsafe', 1])
  })

  it('without a key is sent again when nothing was sent [5]', async () => {
    const { call, sent } = createWorld([refused, answer(201)])
    expect((await call({ ...post, holdfast: { key: false } })).status).toBe(201)
    expect(sent).toHaveLength(2)
  })

  it('has a key of its own, however equal two bodies are [6]', async () => {
    const { call, sent } = createWorld([answer(201)])
    await call(post)
    await call(post)
    expect(new Set(keys(sent)).size).toBe(2)
  })

  it('keeps a key it was given, on all attempts [7]', async () => {
    const key = newKey()
    for (const init of [
      { ...post, headers: { ...post.headers, 'Idempotency-Key': key } },
      { ...post, holdfast: { key } },
    ]) {
      const { call, sent } = createWorld([reset, answer(503), answer(201)])
      const response = await call(init)
      expect(new Set(keys(sent).map((one) => one?.replaceAll('"', '')))).toEqual(new Set([key]))
      expect([sent.length, meta(response).key]).toEqual([3, key])
    }
  })

  it('asks again under its key while an earlier attempt runs [9]', async () => {
    const running = problemAnswer(409, 'in-progress', { 'retry-after': '1' })
    const { call, sent } = createWorld([running, running, answer(201)])
    const response = await call(post)
    expect([response.status, sent.length, new Set(keys(sent)).size]).toEqual([201, 3, 1])
    expect(sent[1]?.at).toBeGreaterThanOrEqual(1_000)
  })

  it('asks less and less often while an earlier attempt runs and nobody says when to come back', async () => {
    const { call, sent } = createWorld([problemAnswer(409, 'in-progress')])
    await call(post)
    const waits = sent.slice(1).map(({ at }, index) => at - (sent[index]?.at ?? 0))
    expect(waits.slice(0, 6)).toEqual([50, 100, 200, 400, 800, 1600])
  })

  it('is not repeated when its key belongs to another call [10]', async () => {
    const { call, sent } = createWorld([problemAnswer(422, 'key-reused')])
    const response = await call(post)
    expect([response.status, sent.length, meta(response).stop]).toEqual([422, 1, 'final'])
  })

  it('tells that its answer is that of an earlier attempt [11]', async () => {
    const { call } = createWorld([reset, answer(201, { 'idempotent-replayed': 'true' })])
    expect(meta(await call(post)).replayed).toBe(true)
    expect(meta(await createWorld([answer(201)]).call(post)).replayed).toBe(false)
  })
})

describe('the runtime of the caller', () => {
  it('Node that was reset while connecting has sent nothing [13]', async () => {
    const { call, sent } = createWorld([networkError('ECONNRESET', 'connect'), answer(201)])
    expect((await call({ ...post, holdfast: { key: false } })).status).toBe(201)
    expect(sent).toHaveLength(2)
  })

  it('Node that was reset while reading may have sent everything [14]', async () => {
    const { call, sent } = createWorld([networkError('ECONNRESET', 'read'), answer(201)])
    await expect(call({ ...post, holdfast: { key: false } })).rejects.toMatchObject({ code: 'outcome-unknown' })
    expect(sent).toHaveLength(1)
  })
})
