import { describe, expect, it } from 'vitest'
import { createFetch, meta, sharedBudget } from '../../src/client/index.ts'
import { seededRandom } from '../../src/testing/index.ts'
import { answer, createWorld } from './support/world.ts'

const many = (length: number, make: () => Promise<Response>) => Promise.all(Array.from({ length }, make))

describe('the retry budget', () => {
  it('adds no more than ten requests to an outage that a hundred calls meet at once [35]', async () => {
    const { fetch, url, sent, until } = createWorld([answer(503)])
    const responses = await until(many(100, () => fetch(url)))
    expect(sent).toHaveLength(110)
    expect(responses.filter((response) => meta(response).stop === 'budget').length).toBeGreaterThanOrEqual(90)
  })

  it('lets nearly every call succeed when failures are few and independent [36]', async () => {
    const random = seededRandom(36)
    const fetch = createFetch({ random: () => 0, fetch: async () => answer(random() < 0.2 ? 503 : 200)() })
    let succeeded = 0
    for (let call = 0; call < 10_000; call++) if ((await fetch('http://failing.example/')).ok) succeeded += 1
    expect(succeeded / 10_000).toBeGreaterThanOrEqual(0.989)
  })

  it('that is empty earns one retry with ten calls that succeed at once [37]', async () => {
    let status = 503
    const { fetch, url, sent, until, origin } = createWorld(() => answer(status)())
    await until(many(20, () => fetch(url)))
    expect(sharedBudget(origin).tokens).toBe(0)
    status = 200
    await until(many(10, () => fetch(url)))
    status = 503
    const before = sent.length
    await until(fetch(url))
    expect(sent.length - before).toBe(2)
  })

  it('is shared by all clients of a process, and not with another origin [38] [39]', async () => {
    const { fetch, url, until, transport, time, origin, sent } = createWorld([answer(503)])
    await until(many(100, () => fetch(url)))
    const before = sent.length
    const other = createFetch({ fetch: transport, clock: time })
    await until(other(`${origin}/elsewhere`))
    expect(sent.length - before).toBe(1)
    await until(other(`${origin.replace('world', 'elsewhere')}/things`))
    expect(sent.length - before).toBe(4)
  })
})
