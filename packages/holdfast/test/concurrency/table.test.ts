import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const page = new URL('../../../../docs/concurrency-tests.md', import.meta.url)
const rows = [...readFileSync(page, 'utf8').matchAll(/^\| (C\d+) \| (.+?) \| (.+?) \|$/gm)].map(
  ([, number = '', behaviour = '', tests = '']) => ({
    number,
    behaviour,
    tests: tests.split('<br>'),
  }),
)
/** What needs the gateway. */
const notYet = new Set(['C36'])

describe('the table of tests', () => {
  it('has a row for every number, in order, each about something else', () => {
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 37 }, (_, index) => `C${index + 1}`))
    expect(new Set(rows.map(({ behaviour }) => behaviour)).size).toBe(rows.length)
  })

  it('names as missing only what needs the gateway', () => {
    expect(rows.filter(({ tests }) => tests[0]?.startsWith('not yet')).map(({ number }) => number)).toEqual([...notYet])
  })

  it.each(rows.filter(({ number }) => !notYet.has(number)))('leads to tests that exist: $number $behaviour', ({ number, tests }) => {
    for (const test of tests) {
      const [, path = '', name] = /\]\((.+?)\)(?:: \u201c(.+)\u201d)?$/.exec(test) ?? []
      const url = new URL(path, page)
      expect(existsSync(url)).toBe(true)
      expect(readFileSync(url, 'utf8')).toContain(name ?? `[${number}]`)
    }
  })
})
