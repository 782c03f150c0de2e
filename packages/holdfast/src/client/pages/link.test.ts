import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseLinks } from './link.ts'

const next = (field: string): string | undefined => parseLinks(field).find(({ rels }) => rels.includes('next'))?.target

describe('parseLinks', () => {
  it.each([
    ['</a>; title="x"; rel=next', '/a'],
    ['</a>; rel="next last"', '/a'],
    ['</a>;rel=NEXT', '/a'],
    ['</a> ; rel = "next"', '/a'],
    ['</p>; rel=prev, </n>; rel=next', '/n'],
    ['</p>; rel="prev"; title="a, </x>; rel=next", </n>; rel=next', '/n'],
    ['</p>; title="quote \\" , </x>; rel=next"; rel=prev, </n>; rel=next', '/n'],
    ['<https://api.example/list?a=1,2;b=3>; rel=next', 'https://api.example/list?a=1,2;b=3'],
    ['</a>; crossorigin; rel=next', '/a'],
    ['</a>; rel=prev; rel=next', undefined],
    ['</a>; rel="nextish"', undefined],
    ['</a>; title=next', undefined],
    ['garbage, </n>; rel=next', '/n'],
    ['</a; rel=next', undefined],
    ['', undefined],
    ['<>; rel=next', ''],
  ])('finds the next page in %s: %s [P29]', (field, target) => {
    expect(next(field)).toBe(target)
  })

  it('tells a link that is about something else', () => {
    expect(parseLinks('</a>; rel=next; anchor="/other"')[0]?.anchor).toBe('/other')
  })

  it('reads back every link that is written as the RFC asks', () => {
    const target = fc.webUrl({ withQueryParameters: true })
    const rel = fc.array(fc.constantFrom('next', 'prev', 'first', 'last', 'self'), { minLength: 1, maxLength: 3 })
    const title = fc.string({ unit: 'grapheme-ascii' })
    fc.assert(
      fc.property(fc.array(fc.record({ target, rel, title }), { maxLength: 5 }), (links) => {
        const field = links
          .map((link) => `<${link.target}>; title="${link.title.replaceAll(/(["\\])/g, '\\$1')}"; rel="${link.rel.join(' ')}"`)
          .join(', ')
        expect(parseLinks(field)).toEqual(links.map((link) => ({ target: link.target, rels: link.rel, anchor: undefined })))
      }),
    )
  })

  it('ends for every text, and gives only what stands between angle brackets', () => {
    const text = fc.string({ unit: fc.constantFrom('<', '>', ';', ',', '=', '"', '\\', ' ', '\t', 'r', 'rel', 'next', '/a', 'é') })
    fc.assert(
      fc.property(text, (field) => parseLinks(field).every(({ target }) => field.includes(target) && !target.includes('>'))),
      {
        numRuns: 500,
      },
    )
  })

  it('takes time in proportion to the text', () => {
    const field = `${'<a>; x="'.repeat(20_000)}${'<a>;;;;,,,, '.repeat(20_000)}`
    expect(parseLinks(field).length).toBeGreaterThan(0)
  })
})
