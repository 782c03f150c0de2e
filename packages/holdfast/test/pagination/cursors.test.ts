import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createReply } from '../../src/core/index.ts'
import { defineList } from '../../src/pagination/list.ts'
import type { ListDeclaration } from '../../src/pagination/list.ts'
import { memoryList } from '../../src/pagination/memory.ts'
import { decodeCursor, encodeCursor } from '../../src/pagination/position.ts'
import { createCursorSealer } from '../../src/pagination/seal.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { idsOf, listApi, secret } from './calls.ts'

interface Row {
  readonly id: number
  readonly name: string
  readonly status: string
}

const rows: readonly Row[] = Array.from({ length: 30 }, (_, id) => ({ id, name: `n${id % 7}`, status: id % 2 === 0 ? 'open' : 'posted' }))
const declaration: ListDeclaration = {
  name: 'rows',
  keys: { id: { type: 'integer' }, name: { type: 'text', maxBytes: 20 } },
  unique: 'id',
  sorts: { default: 'id', id: ['id'], '-id': ['-id'], name: ['name', 'id'] },
  filters: { status: { oneOf: ['open', 'posted'], default: 'open' }, tag: { many: true } },
  selection: ['fields'],
}
const list = defineList(declaration)
const readerOf = memoryList<Row>(list, { id: (row) => row.id, name: (row) => row.name })
const api = listApi<Row>(list, (page) => readerOf(rows.filter(({ status }) => status === page.filter('status'))))
const openIds = rows.filter(({ status }) => status === 'open').map(({ id }) => String(id))

describe('a cursor', () => {
  it('that was tampered with, or is another list\u2019s or account\u2019s, is refused with one and the same body [P13]', async () => {
    const { next = '' } = await api.get('limit=3')
    const bytes = Buffer.from(next, 'base64url')
    const flipped = Array.from({ length: bytes.length * 8 }, (_, bit) => {
      const copy = Buffer.from(bytes)
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7))
      return copy.toString('base64url')
    })
    const others = listApi<Row>(defineList({ ...declaration, name: 'others' }), readerOf(rows))
    const otherSecret = listApi<Row>(list, readerOf(rows), { namespace: 'another api' })
    const forged = [
      ...flipped,
      '',
      'x',
      '!',
      `${next}=`,
      `${next} `,
      `${next}A`,
      next.slice(0, -1),
      next.slice(0, 20),
      next.toUpperCase(),
      'A'.repeat(10_240),
      (await others.get('limit=3')).next ?? '',
      (await otherSecret.get('limit=3')).next ?? '',
      (await api.get('limit=3', { account: 'bob' })).next ?? '',
    ]
    const texts = new Set<string>()
    for (const token of forged) {
      const { status, text } = await api.get(`limit=3&cursor=${encodeURIComponent(token)}`)
      expect([token.slice(0, 40), status]).toEqual([token.slice(0, 40), 400])
      texts.add(text)
    }
    expect([...texts].map((text) => (JSON.parse(text) as { code: string }).code)).toEqual(['invalid-cursor'])
  })

  it('is refused where filter, sort or path differ [P14]', async () => {
    const { next } = await api.get('status=open&limit=3')
    for (const query of [
      `status=posted&cursor=${next}`,
      `status=open&sort=name&cursor=${next}`,
      `status=open&sort=-id&cursor=${next}`,
      `tag=a&cursor=${next}`,
    ]) {
      const { status, code } = await api.get(query)
      expect([query, status, code]).toEqual([query, 400, 'cursor-query-mismatch'])
    }
    expect((await api.get(`status=open&cursor=${next}`, { path: '/wallets/2/rows' })).code).toBe('cursor-query-mismatch')
  })

  it('is accepted with the same filters in another order, repeated, or with a default spelled out [P15]', async () => {
    const { next } = await api.get('tag=a&tag=b&limit=3')
    for (const query of [
      'tag=b&tag=a',
      'tag=a&tag=b&tag=a',
      'status=open&tag=a&tag=b',
      'tag=a&sort=id&tag=b&status=open',
      'fields=id&tag=a&tag=b',
      'sort=default&tag=a&tag=b',
    ])
      expect(idsOf([await api.get(`${query}&limit=3&cursor=${next}`)])).toEqual(['6', '8', '10'])
  })

  it('goes on with another limit [P16]', async () => {
    const { next } = await api.get('limit=2')
    expect(idsOf([await api.get(`limit=5&cursor=${next}`)])).toEqual(openIds.slice(2, 7))
  })

  it('outlives a rotation of its secret, and expires with the secret or its time [P18]', async () => {
    const clock = fakeClock()
    const reader = readerOf(rows)
    const [first, second, third] = [secret, 'another secret of some length', 'a third secret of some length']
    const before = await listApi<Row>(list, reader, { secrets: [first], clock }).get('limit=3')
    const rotated = listApi<Row>(list, reader, { secrets: [second, first], clock })
    const after = await rotated.get(`limit=3&cursor=${before.next}`)
    expect(idsOf([after])).toEqual(['3', '4', '5'])
    const twice = listApi<Row>(list, reader, { secrets: [third, second], clock })
    const gone = await twice.get(`limit=3&cursor=${before.next}`)
    expect([gone.status, gone.code]).toEqual([410, 'cursor-expired'])
    expect((await twice.get(`limit=3&cursor=${after.next}`)).status).toBe(200)
    clock.advance(3 * 86_400_000)
    expect((await rotated.get(`limit=3&cursor=${after.next}`)).status).toBe(200)
    clock.advance(1)
    expect((await rotated.get(`limit=3&cursor=${after.next}`)).code).toBe('cursor-expired')
  })

  it('does not expire while the walk goes on', async () => {
    const clock = fakeClock()
    const patient = listApi<Row>(list, readerOf(rows), { clock })
    let { next } = await patient.get('limit=5')
    for (let page = 2; page <= 6; page++) {
      clock.advance(2 * 86_400_000)
      const listed = await patient.get(`limit=5&cursor=${next}`)
      expect(listed.status).toBe(200)
      next = listed.next
    }
  })

  it('that an older version was given leads on under a newer one, from the same position [P19]', async () => {
    // What the version step does: an old version's query is brought to the newest before the list reads it.
    const old = await api.get('sort=name&limit=4', { version: '2025-01-15', sentUrl: '/rows?sort=title&limit=4' })
    expect(old.header('link')).toContain('<?sort=title&limit=4&cursor=')
    const newer = await api.get(`sort=name&limit=4&cursor=${old.next}`, { version: '2026-06-01' })
    const whole = await api.get('sort=name&limit=8')
    expect([...old.data, ...newer.data]).toEqual(whole.data)
    // The same items look otherwise in another version, so their tags differ.
    expect((await api.get('sort=name&limit=4', { version: '2026-06-01' })).header('etag')).not.toBe(old.header('etag'))
  })

  it('grants nothing: who may see the list is decided on each page anew [P24]', async () => {
    let isRevoked = false
    const guarded = listApi<Row>(list, readerOf(rows), { before: (call, next) => (isRevoked ? createReply(403) : next(call)) })
    const { next, header } = await guarded.get('limit=3')
    isRevoked = true
    const tag = header('etag') as string
    expect((await guarded.get(`limit=3&cursor=${next}`)).status).toBe(403)
    expect((await guarded.get('limit=3', { headers: { 'if-none-match': tag } })).status).toBe(403)
  })

  it('seals and opens ten thousand positions as they were [P34]', () => {
    const sealer = createCursorSealer({ secrets: [secret], namespace: 'test', list: 'rows' })
    const tokens = new Set<string>()
    for (let n = 0; n < 10_000; n++) {
      const cursor = {
        issuedAt: n,
        queryHash: Buffer.alloc(8, n),
        backward: n % 2 === 0,
        inclusive: n % 3 === 0,
        keys: [`k${n}`, null, ''],
        bound: n % 5 === 0 ? String(n) : undefined,
      }
      const token = sealer.seal('ada', encodeCursor(cursor))
      tokens.add(token)
      const opened = sealer.open('ada', token)
      expect(opened).toBeInstanceOf(Uint8Array)
      if (n % 97 === 0) expect(decodeCursor(opened as Uint8Array)).toEqual(cursor)
    }
    expect(tokens.size).toBe(10_000)
  })

  it('is never thrown at by what callers send, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.base64String(), fc.string({ unit: 'binary' })), async (token) => {
        const { status } = await api.get(`cursor=${encodeURIComponent(token.toWellFormed())}`)
        expect(status).toBe(400)
      }),
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void decodeCursor(bytes)))
  })
})

describe('a limit', () => {
  it('that is no whole number above 0 is refused, and a higher one than there is cut down [P17]', async () => {
    for (const limit of ['0', '-1', '1.5', 'abc', '', '1e400', ' 1', '0x10']) {
      const { status, code, text } = await api.get(`limit=${encodeURIComponent(limit)}`)
      expect([limit, status, code]).toEqual([limit, 400, 'query-invalid'])
      expect(JSON.parse(text)).toMatchObject({ errors: [{ parameter: 'limit' }] })
    }
    const clamped = await api.get('limit=1e9')
    expect([clamped.status, clamped.header('holdfast-limit'), clamped.data.length]).toEqual([200, '100', 15])
    expect((await api.get('limit=100')).header('holdfast-limit')).toBeNull()
    const strict = listApi<Row>(defineList({ ...declaration, limit: { max: 50, over: 'error' } }), readerOf(rows))
    expect((await strict.get('limit=1e9')).code).toBe('query-invalid')
    expect((await strict.get('limit=50')).status).toBe(200)
  })
})

describe('a query', () => {
  it('with an unknown parameter, sort or value is refused, and told which', async () => {
    for (const [query, parameter] of [
      ['stauts=open', 'stauts'],
      ['sort=age', 'sort'],
      ['status=closed', 'status'],
      ['status=open&status=posted', 'status'],
      ['cursor=a&cursor=b', 'cursor'],
      ['count=exact', 'count'],
      ['before=x', 'before'],
      [`tag=${'x'.repeat(201)}`, 'tag'],
      ['tag=%00', 'tag'],
    ] as const) {
      const { code, text } = await api.get(query)
      expect([query, code]).toEqual([query, 'query-invalid'])
      expect((JSON.parse(text) as { errors: { parameter: string }[] }).errors[0]?.parameter).toBe(parameter)
    }
  })
})

describe('a page', () => {
  it('has a weak tag that changes with what it says, and 304 for who has it', async () => {
    const changing: Row[] = rows.slice(0, 5).map((row) => ({ ...row }))
    const own = listApi<Row>(list, readerOf(changing))
    const tag = (await own.get('limit=3')).header('etag') as string
    expect(tag).toMatch(/^W\/"[\w-]{22}"$/)
    for (const condition of [tag, tag.slice(2), `"x", ${tag}`, '*']) {
      const known = await own.get('limit=3', { headers: { 'if-none-match': condition } })
      expect([known.status, known.text, known.header('etag')]).toEqual([304, '', tag])
    }
    expect((await own.get('limit=3', { headers: { 'if-none-match': '"other"' } })).status).toBe(200)
    changing[1] = { ...(changing[1] as Row), name: 'changed' }
    expect((await own.get('limit=3', { headers: { 'if-none-match': tag } })).status).toBe(200)
  })

  it('tells totals to who asks, where the list offers them', async () => {
    const counting = listApi<Row>(defineList({ ...declaration, count: 'exact' }), readerOf(rows))
    expect((await counting.get('limit=3&count=exact')).total).toEqual({ value: 30, kind: 'exact' })
    expect((await counting.get('limit=3')).total).toBeUndefined()
  })
})
