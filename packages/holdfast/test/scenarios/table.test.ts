import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const page = new URL('../../../../docs/idempotency-tests.md', import.meta.url)
const rows = [...readFileSync(page, 'utf8').matchAll(/^\| (\d+) \| (.+?) \| (.+?) \|$/gm)].map(([, number, behaviour, tests]) => ({
  number: Number(number),
  behaviour: behaviour as string,
  tests: (tests as string).split('<br>'),
}))

/** 1 to 73, without those that were never given out. */
const neverGiven = new Set([13, 14, 15, 19, 20, 25, 35, 47, 52, 55])
const given = Array.from({ length: 73 }, (_, index) => index + 1).filter((number) => !neverGiven.has(number))
/** What needs the gateway. */
const notYet = new Set([60, 61, 62])

/** All that the test files under a path say, quotes unescaped. */
function read(path: string): string {
  const url = new URL(path, page)
  const files = statSync(url).isDirectory()
    ? readdirSync(url)
        .filter((name) => name.endsWith('.test.ts'))
        .map((name) => new URL(name, url))
    : [url]
  return files
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
    .replaceAll("\\'", "'")
}

describe('the table of tests', () => {
  it('has a row for every number, in order', () => {
    expect(rows.map(({ number }) => number)).toEqual(given)
  })

  it('says of every number what it is about', () => {
    expect(new Set(rows.map(({ behaviour }) => behaviour)).size).toBe(given.length)
  })

  it('names as missing only what needs the gateway', () => {
    expect(rows.filter(({ tests }) => tests[0]?.startsWith('not yet')).map(({ number }) => number)).toEqual([...notYet])
  })

  it.each(rows.filter(({ number }) => !notYet.has(number)))('leads to tests that exist: $number $behaviour', ({ number, tests }) => {
    for (const test of tests) {
      const [, path = '', name] = /\]\((.+?)\)(?:: \u201c(.+)\u201d)?$/.exec(test) ?? []
      expect(existsSync(new URL(path, page))).toBe(true)
      expect(read(path)).toContain(name ?? `[${number}]`)
    }
  })
})
