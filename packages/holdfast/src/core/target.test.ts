import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { targetOf } from './call.ts'

describe('targetOf', () => {
  it.each([
    ['/transfers?limit=5', '/transfers', 'limit=5'],
    ['https://api.example/transfers?limit=5#top', '/transfers', 'limit=5'],
    ['https://api.example', '/', ''],
    ['https://api.example?next=/admin', '/', 'next=/admin'],
    ['https://api.example#/x', '/', ''],
    ['/a?b?c#d?e', '/a', 'b?c'],
    ['/a#b?c', '/a', ''],
    ['//double/slash', '//double/slash', ''],
    ['*', '*', ''],
  ])('splits %s', (url, path, query) => {
    expect(targetOf(url)).toEqual({ path, query })
  })

  it('agrees with the URL parser about every absolute http URL', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (url) => {
        const parsed = new URL(url)
        const { path, query } = targetOf(parsed.href)
        expect(path).toBe(parsed.pathname)
        expect(query).toBe(parsed.search.slice(1))
      }),
    )
  })
})
