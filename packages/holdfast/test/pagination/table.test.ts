import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const page = new URL('../../../../docs/pagination-tests.md', import.meta.url)
const rows = [...readFileSync(page, 'utf8').matchAll(/^\| P(\d+) \| (.+?) \| (.+?) \|$/gm)].map(([, number, behaviour, tests]) => ({
  number: Number(number),
  behaviour: behaviour as string,
  tests: (tests as string).split('<br>'),
}))

describe('the table of pagination tests', () => {
  it('has a row for every number, in order, each about something else', () => {
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 34 }, (_, index) => index + 1))
    expect(new Set(rows.map(({ behaviour }) => behaviour)).size).toBe(34)
  })

  it.each(rows)('leads to tests that exist: P$number $behaviour', ({ number, tests }) => {
    for (const test of tests) {
      const [, path = '', name] = /\]\((.+?)\)(?:: \u201c(.+)\u201d)?$/.exec(test) ?? []
      expect(existsSync(new URL(path, page))).toBe(true)
      expect(readFileSync(new URL(path, page), 'utf8').replaceAll("\\'", "'")).toContain(name ?? `[P${number}]`)
    }
  })
})
