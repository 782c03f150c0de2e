import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cpuMsOf } from '../../test/support/cpu-time.ts'
import { compileRoutes } from './router.ts'

const router = (...routes: string[]) => compileRoutes(routes.map((route) => [route, route] as const))

describe('finding the declaration of a call', () => {
  const { find } = router(
    'POST /transfers',
    'GET /transfers',
    'PATCH /wallets/:id',
    'POST /wallets/:id/close',
    'POST /wallets/new/close',
    'POST /',
  )

  it('goes by method and path', () => {
    expect(find('POST', '/transfers')).toBe('POST /transfers')
    expect(find('GET', '/transfers')).toBe('GET /transfers')
    expect(find('DELETE', '/transfers')).toBeUndefined()
    expect(find('POST', '/refunds')).toBeUndefined()
    expect(find('POST', '/transfers/1')).toBeUndefined()
    expect(find('POST', '/')).toBe('POST /')
  })

  it('takes HEAD for GET', () => {
    expect(find('HEAD', '/transfers')).toBe('GET /transfers')
  })

  it('fills parameters with anything, and with nothing, since Fastify does', () => {
    const { find } = compileRoutes([
      ['GET /wallets/:id', 'wallet'],
      ['POST /wallets/:id/close', 'close'],
    ])
    expect(find('GET', '/wallets/7')).toBe('wallet')
    expect(find('GET', '/wallets/')).toBe('wallet')
    expect(find('POST', '/wallets//close')).toBe('close')
    expect(find('GET', '/wallets')).toBeUndefined()
    expect(find('GET', '/wallets/7/close')).toBeUndefined()
  })

  it('prefers a literal path to one with parameters', () => {
    expect(find('POST', '/wallets/new/close')).toBe('POST /wallets/new/close')
    expect(find('POST', '/wallets/7/close')).toBe('POST /wallets/:id/close')
  })

  it.each(['/Transfers', '/TRANSFERS', '/transfers/', '/transfers//', '/%74ransfers', '/%54RANSFERS/', '/tr%61nsf%65rs'])(
    'finds it under the spelling %s, which some framework accepts',
    (path) => {
      expect(find('POST', path)).toBe('POST /transfers')
    },
  )

  it('does not take an encoded slash for a separator', () => {
    expect(find('PATCH', '/wallets%2F42')).toBeUndefined()
    expect(find('POST', '/wallets/a%2fb/close')).toBe('POST /wallets/:id/close')
  })

  it('never throws, whatever the path', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (path) => {
        find('POST', `/${path}`)
        find('POST', `/wallets/${path}/close`)
      }),
    )
    for (const path of ['/%', '/%zz', '/%ff', '/%e2%84', '/transfers%']) expect(find('POST', path)).toBeUndefined()
  })

  it('finds every declared path in every mix of case and encoding', () => {
    const spelled = fc
      .array(fc.constantFrom('plain', 'upper', 'encoded'), { minLength: 9, maxLength: 9 })
      .map((spellings) =>
        [...'transfers']
          .map((letter, at) =>
            spellings[at] === 'plain' ? letter : spellings[at] === 'upper' ? letter.toUpperCase() : `%${letter.charCodeAt(0).toString(16)}`,
          )
          .join(''),
      )
    fc.assert(
      fc.property(spelled, (path) => {
        expect(find('POST', `/${path}`)).toBe('POST /transfers')
      }),
    )
  })

  it('takes no longer for a path made to slow it down', () => {
    const spent = cpuMsOf(() => {
      for (let round = 0; round < 20; round++) find('POST', `/a${'/'.repeat(16_000)}b/`)
    })
    expect(spent).toBeLessThan(500)
  })
})

describe('declaring routes', () => {
  it.each(['transfers', 'POST transfers', 'post /transfers', 'POST  /transfers', '/transfers', 'POST /a b', ''])('refuses %j', (route) => {
    expect(() => router(route)).toThrow(`routes: expected "METHOD /path", got ${JSON.stringify(route)}`)
  })

  it.each(['POST /files/*', 'POST /files/*rest', 'POST /a/:id?', 'POST /a{/:id}', 'POST /a/:id(\\d+)', 'POST /a?b=1', 'POST /a#b'])(
    'refuses %s, which no call would match',
    (route) => {
      expect(() => router(route)).toThrow('a segment is a literal or one :parameter')
    },
  )

  it.each([
    ['POST /a', 'POST /A/'],
    ['POST /a/:id', 'POST /a/:name'],
    ['POST /%61', 'POST /a'],
  ])('refuses %s beside %s', (one, other) => {
    expect(() => router(one, other)).toThrow(`routes: ${JSON.stringify(other)} and ${JSON.stringify(one)} match the same calls; keep one`)
  })
})
