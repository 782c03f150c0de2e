import { expect, it } from 'vitest'
import { createReply } from '../../src/core/index.ts'
import { lookupPath } from '../../src/idempotency/index.ts'
import { createGate } from './gate.ts'
import { claimAs, describeMatrix, vanish } from './matrix.ts'

const hour = 3_600_000
const v7 = (at: number): string => {
  const hex = at.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7abc-8def-0123456789ab`
}

describeMatrix('the life of a key', { kits: ['node'] }, ({ storeKit, open, start }) => {
  it('ends with its retention: a plain key then runs again, one that says its age is refused [64]', async () => {
    const opened = await open()
    const routes = { 'POST /transfers': { idempotency: { guarantee: storeKit.strongest, retentionMs: 1_500 } } }
    const { post } = await start({ open: opened, declaration: { routes } })
    await post('/transfers')
    expect((await post('/transfers')).headers['idempotent-replayed']).toBe('true')
    await expect.poll(async () => (await post('/transfers')).headers['idempotent-replayed'], { timeout: 10_000 }).toBe('false')
    expect(await opened.effects()).toBe(2)
    expect((await post('/transfers', { key: v7(Date.now() - hour) })).json).toMatchObject({
      code: 'key-expired',
      status: 412,
      retryable: false,
    })
    expect(await opened.effects()).toBe(2)
  })

  it('does not begin in the future [65]', async () => {
    const opened = await open()
    const { post } = await start({ open: opened })
    expect((await post('/transfers', { key: v7(Date.now() + hour) })).json).toMatchObject({ code: 'key-invalid', status: 400 })
    expect((await post('/transfers', { key: v7(Date.now()) })).status).toBe(201)
    expect(await opened.effects()).toBe(1)
  })

  it('is paid for by its account alone [67]', async () => {
    const opened = await open()
    const { post } = await start({ open: opened, declaration: { keysPerAccount: 3 } })
    for (let key = 0; key < 3; key++) expect((await post('/transfers', { key: `k${key}` })).status).toBe(201)
    const refused = await post('/transfers', { key: 'k3' })
    expect(refused.json).toMatchObject({ code: 'too-many-keys', status: 429, retryable: true })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect((await post('/transfers', { key: 'k0' })).headers['idempotent-replayed']).toBe('true')
    expect((await post('/transfers', { key: 'k3', account: 'bob' })).status).toBe(201)
    expect(await opened.effects()).toBe(4)
  })

  it('leaves nothing readable in the store [68]', async () => {
    const opened = await open()
    const handler = () => ({ status: 201, headers: { 'x-invoice': 'INVOICE-HEADER', 'set-cookie': 'COOKIE=1' }, body: 'ANSWER-BODY' })
    const { post } = await start({ open: opened, handler })
    await post('/plain', { key: 'KEY-OF-ADA', account: 'ACCOUNTNAME', body: { note: 'REQUEST-BODY' } })
    await post('/transfers', { key: 'KEY-TWO', account: 'ACCOUNTNAME', body: { note: 'REQUEST-BODY' } })
    const dump = await opened.dump()
    if (storeKit.name !== 'memory') expect(dump.length).toBeGreaterThan(100)
    for (const text of [
      'KEY-OF-ADA',
      'KEY-TWO',
      'ACCOUNTNAME',
      'REQUEST-BODY',
      'ANSWER-BODY',
      'INVOICE',
      'COOKIE',
      '/plain',
      'Bearer',
      '.token',
    ])
      expect(dump.includes(text)).toBe(false)
  })

  it('can be looked up in every state, by its own account only [69]', async () => {
    const opened = await open()
    let gate = createGate()
    const { post, get } = await start({
      open: opened,
      async handler({ asked }) {
        const text = (await asked.body()).toString()
        if (text.includes('slow')) {
          await gate.pass()
        }
        return text.includes('refused') ? { status: 429 } : { status: 201, headers: { location: '/transfers/1' }, body: 'done' }
      },
    })
    const look = async (key: string, account?: string) => (await get(`${lookupPath}${key}`, account)).json
    await post('/transfers', { key: 'done' })
    expect(await look('done')).toMatchObject({ state: 'done', attempt: 1, status: 201, location: '/transfers/1', replayable: true })
    for (const path of ['/plain', '/transfers']) {
      gate = createGate()
      const key = `running${path.replace('/', '-')}`
      const running = post(path, { key, body: { slow: true } })
      await gate.entered
      expect(await look(key)).toMatchObject({ state: 'running', attempt: 1 })
      expect(await look(key, 'bob')).toMatchObject({ code: 'key-unknown' })
      const waiting = look(`${key}?wait=10`)
      gate.open()
      await running
      expect(await waiting).toMatchObject({ state: 'done' })
    }
    await post('/plain', { key: 'released', body: { refused: true } })
    expect(await look('released')).toMatchObject({ state: 'released' })
    await vanish(opened, '/plain', { key: 'unknown' })
    await expect.poll(async () => (await post('/plain', { key: 'unknown' })).json['code']).toBe('outcome-unknown')
    expect(await look('unknown')).toMatchObject({ state: 'unknown', attempt: 1 })
    expect(await look('never-seen')).toMatchObject({ code: 'key-unknown', status: 404 })
    for (const key of ['done', 'running-plain', 'unknown'])
      expect(await look(key, 'bob')).toMatchObject({ code: 'key-unknown', status: 404 })
  })

  it('can be settled by hand when nobody knows its outcome [70]', async () => {
    const opened = await open()
    const { post, api } = await start({ open: opened })
    for (const key of ['as-response', 'rerun']) {
      await vanish(opened, '/plain', { key })
      await expect.poll(async () => (await post('/plain', { key })).json['code']).toBe('outcome-unknown')
    }
    expect(
      await api.resolve({ account: 'ada', key: 'as-response' }, { response: createReply(201, { location: '/transfers/9' }, 'by hand') }),
    ).toBe(true)
    expect(await api.resolve({ account: 'ada', key: 'rerun' }, 'rerun')).toBe(true)
    expect(await post('/plain', { key: 'as-response' })).toMatchObject({ status: 201, text: 'by hand' })
    expect((await post('/plain', { key: 'rerun' })).headers['idempotent-replayed']).toBe('false')
    expect(await api.resolve({ account: 'ada', key: 'rerun' }, 'rerun')).toBe(false)
    expect(await opened.effects()).toBe(1)
  })

  it('is not run again when its record was written by a later version [71]', async () => {
    const opened = await open()
    const { post, get } = await start({ open: opened })
    const { claim } = await claimAs(opened, '/plain')
    await opened.store.idempotency.claim(claim)
    await opened.store.idempotency.complete({ id: claim.id, owner: claim.owner, answer: Uint8Array.of(99, 1, 2, 3), retentionMs: hour })
    expect((await post('/plain')).json).toMatchObject({ code: 'not-replayable', status: 409, retryable: false })
    expect((await get(`${lookupPath}key-1`)).json).toMatchObject({ state: 'done' })
    expect(await opened.effects()).toBe(0)
  })
})

describeMatrix('collecting', { kits: ['node'], stores: ['memory', 'sqlite', 'postgres'] }, ({ open }) => {
  it('removes what has expired, and neither running nor unknown keys [66]', async () => {
    const opened = await open()
    const { idempotency } = opened.store
    const { claim } = await claimAs(opened, '/plain')
    const many = 3_000
    for (let batch = 0; batch < many; batch += 200) {
      await Promise.all(
        Array.from({ length: 200 }, async (_, index) => {
          const mine = { ...claim, id: `${claim.id}-${batch + index}`, owner: `owner-${batch + index}` }
          await idempotency.claim(mine)
          await idempotency.complete({ id: mine.id, owner: mine.owner, answer: Uint8Array.of(1), retentionMs: 1 })
        }),
      )
    }
    const [running, unknown] = [`${claim.id}-running`, `${claim.id}-unknown`]
    await idempotency.claim({ ...claim, id: running })
    await idempotency.claim({ ...claim, id: unknown, leaseMs: 1 })
    await expect.poll(async () => (await idempotency.claim({ ...claim, id: unknown, owner: 'other' })).kind).toBe('unknown')
    for (let collected = 1; collected > 0;) collected = await idempotency.collect(1_000)
    expect((await idempotency.lookup(running))?.state).toBe('running')
    expect((await idempotency.lookup(unknown))?.state).toBe('unknown')
    expect(await idempotency.lookup(`${claim.id}-0`)).toBeUndefined()
    expect(await idempotency.collect(1_000)).toBe(0)
  })
})

describeMatrix('a limiter before the keys', { kits: ['node'], stores: ['memory', 'sqlite'] }, ({ open, start }) => {
  it('leaves the key of a refused call unused [63]', async () => {
    const opened = await open()
    let refused = 0
    const { post, get } = await start({
      open: opened,
      before: (call, next) => (call.method === 'POST' && refused++ < 1 ? createReply(429, { 'retry-after': '1' }) : next(call)),
    })
    expect((await post('/transfers')).status).toBe(429)
    expect((await get(`${lookupPath}key-1`)).json).toMatchObject({ state: 'absent' })
    expect((await post('/transfers')).headers['idempotent-replayed']).toBe('false')
    expect(await opened.effects()).toBe(1)
  })
})

describeMatrix('an exactly-once call that another process runs', { kits: ['node'], stores: ['postgres'] }, ({ open, start }) => {
  it('is looked up as running, and as done once it has committed [69]', async () => {
    const opened = await open()
    const gate = createGate()
    const { post } = await start({
      open: opened,
      async handler({ add }) {
        await gate.pass()
        await add()
        return { status: 201, body: 'done' }
      },
    })
    const other = await start({ open: await opened.twin() })
    const look = async (query = '') => (await other.get(`${lookupPath}key-1${query}`)).json
    const running = post('/transfers')
    await gate.entered
    expect(await look()).toMatchObject({ state: 'running', attempt: 1 })
    const waiting = look('?wait=10')
    gate.open()
    await running
    expect(await waiting).toMatchObject({ state: 'done', status: 201 })
  })
})
