import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFetch, meta } from '../../src/client/index.ts'
import { fullJitter, parseRetryAfter } from '../../src/retry/index.ts'
import { seededRandom } from '../../src/testing/index.ts'
import { answer, createWorld, startAt } from './support/world.ts'

const limited = (value: string, headers: Record<string, string> = {}) => answer(503, { 'retry-after': value, ...headers })

/** How long the client waited before the second request. */
async function waitAfter(value: string, random: () => number, headers: Record<string, string> = {}): Promise<number> {
  const { call, sent } = createWorld([limited(value, headers), answer(200)], { random })
  await call()
  return sent[1]?.at ?? Number.NaN
}

describe('Retry-After', () => {
  it('in seconds is waited for, with jitter on top [24]', async () => {
    for (const random of [() => 0, () => 0.5, () => 0.999]) {
      const waited = await waitAfter('2', random)
      expect(waited).toBeGreaterThanOrEqual(2_000)
      expect(waited).toBeLessThanOrEqual(2_200)
    }
  })

  it("as a date counts from the answer's own date, whatever the caller's clock says [25]", async () => {
    const anHourOff = startAt + 3_600_000
    const at = new Date(anHourOff + 3_000)
    for (const form of [
      at.toUTCString(),
      at
        .toUTCString()
        .replace(
          /^(\w+), (\d+) (\w+) \d\d(\d\d)/,
          (_all, day: string, date: string, month: string, year: string) =>
            `${{ Sun: 'Sunday', Mon: 'Monday', Tue: 'Tuesday', Wed: 'Wednesday', Thu: 'Thursday', Fri: 'Friday', Sat: 'Saturday' }[day]}, ${date}-${month}-${year}`,
        ),
    ]) {
      const waited = await waitAfter(form, () => 0.9, { date: new Date(anHourOff).toUTCString() })
      expect(waited).toBeGreaterThanOrEqual(3_000)
      expect(waited).toBeLessThanOrEqual(3_300)
    }
  })

  it('that is past means the usual backoff, not none [26]', async () => {
    expect(await waitAfter(new Date(startAt - 60_000).toUTCString(), () => 0.5)).toBe(50)
  })

  it('that is garbage means the usual backoff [27]', async () => {
    for (const garbage of ['soon', '-5', '1e9x', '0x10', 'Infinity', '']) expect(await waitAfter(garbage, () => 0.5)).toBe(50)
  })

  it('beyond the deadline is not waited for: the answer is returned at once, and says when [28]', async () => {
    const { call, sent, now } = createWorld([limited('3600')])
    const response = await call()
    expect([response.status, sent.length, now()]).toEqual([503, 1, 0])
    expect(meta(response)).toMatchObject({ stop: 'retry-after', retryAt: new Date(startAt + 3_600_000) })
  })

  it('of 40 days overflows no timer [29]', async () => {
    const { call, sent, time } = createWorld([limited(String(40 * 86_400)), answer(200)])
    await call()
    await time.run(() => false)
    expect(sent).toHaveLength(1)
    const patient = createWorld([limited(String(40 * 86_400)), answer(200)], {
      longestHintMs: 1e10,
      deadlineMs: 1e11,
      attemptTimeoutMs: 1e11,
    })
    await patient.call()
    expect(patient.sent[1]?.at).toBeGreaterThanOrEqual(40 * 86_400_000)
  })

  it('of 0 means the usual backoff [30]', async () => {
    expect(await waitAfter('0', () => 0.5)).toBe(50)
  })

  it('is read or ignored, never misread', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
        ),
        (value) => {
          const ms = parseRetryAfter(value, null, startAt)
          return ms === undefined || ms > 0
        },
      ),
    )
    expect(parseRetryAfter('9'.repeat(20), null, startAt)).toBe(undefined)
    expect(parseRetryAfter('Sun Nov  6 08:49:37 1994', 'Sun, 06 Nov 1994 08:49:30 GMT', 0)).toBe(7_000)
  })
})

describe('backoff', () => {
  it('is uniform between nothing and its base, and never overflows [31]', () => {
    const random = seededRandom(31)
    const waits = Array.from({ length: 1_000 }, () => fullJitter({ baseMs: 100, capMs: 20_000 }, 1, random)).toSorted((a, b) => a - b)
    // Kolmogorov-Smirnov: at p = 0.01 the greatest distance of 1000 draws is 1.63 / sqrt(1000).
    const distance = Math.max(
      ...waits.map((wait, index) => Math.max(Math.abs(wait / 100 - index / 1_000), Math.abs(wait / 100 - (index + 1) / 1_000))),
    )
    expect(distance).toBeLessThan(1.63 / Math.sqrt(1_000))
    expect(waits[0]).toBeGreaterThanOrEqual(0)
    for (const retry of [40, 400, 4_000]) expect(fullJitter({ baseMs: 100, capMs: 20_000 }, retry, () => 0.999)).toBeLessThanOrEqual(20_000)
  })
})

describe("the server's limits", () => {
  it('make every call of the process wait after a refusal, also of another client [32]', async () => {
    const { call, sent, origin, transport, time, until } = createWorld((_sent, number) =>
      (number === 1 ? answer(429, { ratelimit: '"d";r=0;t=2' }) : answer(200))(),
    )
    await call({ holdfast: { retries: 0 } })
    const other = createFetch({ fetch: transport, clock: time })
    await until(other(`${origin}/others`))
    expect(sent[1]?.at).toBeGreaterThanOrEqual(2_000)
  })

  it('spread calls so that none is refused [33]', async () => {
    // Six calls in each ten seconds.
    const { call, fetch, url, sent, until } = createWorld(({ at }) => {
      const window = Math.floor(at / 10_000)
      const used = sent.filter((one) => Math.floor(one.at / 10_000) === window).length
      const left = `"d";r=${Math.max(0, 6 - used)};t=${10 - (Math.floor(at / 1_000) % 10)}`
      return answer(used > 6 ? 429 : 200, { ratelimit: left })()
    })
    await call()
    const responses = await until(Promise.all(Array.from({ length: 5 }, () => fetch(url))))
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    const times = sent.slice(1).map(({ at }) => at)
    for (let index = 1; index < times.length; index++)
      expect((times[index] as number) - (times[index - 1] as number)).toBeGreaterThanOrEqual(2_000)
  })

  it('that are malformed, or come from a cache, are ignored [34]', async () => {
    for (const headers of [
      { ratelimit: '"d;r=0;t=60' },
      { ratelimit: '"d";r=-1;t=60' },
      { ratelimit: 'nonsense, ,' },
      { ratelimit: '"d";r=0;t=60', age: '3' },
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': 'soon' },
    ]) {
      const { call, sent } = createWorld([answer(200, headers as Record<string, string>)])
      await call()
      await call()
      expect(sent[1]?.at).toBe(0)
    }
  })

  it('do not slow the calls of other credentials down', async () => {
    const { call, sent } = createWorld([answer(200, { ratelimit: '"d";r=0;t=9' })])
    await call({ headers: { authorization: 'Bearer one' } })
    await call({ headers: { authorization: 'Bearer two' } })
    expect(sent[1]?.at).toBe(0)
  })

  it('beyond the deadline refuse a call before it is sent, and say when', async () => {
    const { call, sent } = createWorld([answer(200, { ratelimit: '"d";r=0;t=90' })])
    await call()
    const error = await call().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'pacing-refused' })
    expect([sent.length, meta(error).stop, meta(error).retryAt]).toEqual([1, 'retry-after', new Date(startAt + 90_000)])
  })
})
