import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const page = new URL('../../../../docs/client-tests.md', import.meta.url)
const rows = [...readFileSync(page, 'utf8').matchAll(/^\| (\w+) \| (.+?) \| (.+?) \|$/gm)]
  .map(([, number, behaviour, tests]) => ({
    number: number as string,
    behaviour: behaviour as string,
    tests: (tests as string).split('<br>'),
  }))
  .filter(({ number }) => number !== 'number')

describe('the table of client tests', () => {
  it('has every number once, in order', () => {
    const numbers = rows.map(({ number }) => number)
    expect(numbers).toEqual([...new Set(numbers)])
    const own = numbers.filter((number) => /^\d+$/.test(number)).map(Number)
    expect(own).toEqual(own.toSorted((left, right) => left - right))
  })

  it('has every number up to the last', () => {
    const known = new Set(rows.map(({ number }) => number))
    const missing = Array.from({ length: 79 }, (_none, index) => String(index + 1)).filter((number) => !known.has(number))
    expect(missing).toEqual([])
  })

  it.each(rows)('leads to tests that exist: $number $behaviour', ({ number, tests }) => {
    for (const test of tests) {
      const [, path = '', name] = /\]\((.+?)\)(?:: \u201c(.+)\u201d)?$/.exec(test) ?? []
      expect(existsSync(new URL(path, page))).toBe(true)
      expect(readFileSync(new URL(path, page), 'utf8').replaceAll("\\'", "'")).toContain(name ?? `[${number}]`)
    }
  })
})
