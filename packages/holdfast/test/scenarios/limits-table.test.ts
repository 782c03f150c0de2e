import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const page = new URL('../../../../docs/rate-limiting-tests.md', import.meta.url)
const rows = [...readFileSync(page, 'utf8').matchAll(/^\| (\d+) \| (.+?) \| (.+?) \|$/gm)].map(([, number, behaviour, tests]) => ({
  number: Number(number),
  behaviour: behaviour as string,
  tests: (tests as string).split('<br>'),
}))

describe('the table of tests of rate limits', () => {
  it('has its rows in order, each about something else', () => {
    const numbers = rows.map(({ number }) => number)
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
    expect(new Set(rows.map(({ behaviour }) => behaviour)).size).toBe(rows.length)
    expect(rows.length).toBeGreaterThanOrEqual(36)
  })

  it.each(rows)('leads to tests that exist: $number $behaviour', ({ number, tests }) => {
    for (const test of tests) {
      const [, path = '', name] = /\]\((.+?)\)(?:: \u201c(.+)\u201d)?$/.exec(test) ?? []
      const url = new URL(path, page)
      expect(existsSync(url)).toBe(true)
      expect(readFileSync(url, 'utf8')).toContain(name ?? `[R${number}]`)
    }
  })
})
