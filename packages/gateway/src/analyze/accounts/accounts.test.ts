import { describe, expect, it } from 'vitest'
import type { LogLine } from '../formats/format.ts'
import { clientOf } from './address.ts'
import { accountOf } from './account-of.ts'
import { displayName, printable } from './display.ts'
import { toTemplate } from './route.ts'
import { createAccountTable } from './table.ts'

const line = (change: Partial<LogLine>): LogLine => ({
  at: 0,
  zone: 0,
  status: 200,
  method: 'GET',
  path: '/',
  address: '192.0.2.1',
  user: '',
  agent: '',
  named: '',
  key: '',
  subject: '',
  cost: 1,
  ...change,
})

describe('the client of an address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:443', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8::1', '2001:db8:0:0::/64'],
    ['[2001:db8::1]:443', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['pppa006.compuserve.com', 'pppa006.compuserve.com'],
    ['host.example:8080', 'host.example'],
  ])('%s is %s', (address, client) => {
    expect(clientOf(address)).toBe(client)
  })
})

describe('the account of a request', () => {
  it('is the first of: named field, API key, subject, user, address', () => {
    const all = { named: 'n', key: 'k', subject: 's', user: 'u' }
    expect(accountOf(line(all), true)).toEqual(['n', 'named'])
    expect(accountOf(line({ ...all, named: '' }), false)).toEqual(['k', 'key'])
    expect(accountOf(line({ subject: 's', user: 'u' }), false)).toEqual(['s', 'subject'])
    expect(accountOf(line({ user: 'u' }), false)).toEqual(['u', 'user'])
    expect(accountOf(line({}), false)).toEqual(['192.0.2.1', 'address'])
  })

  it('is the address where a named field is missing, not some other field', () => {
    expect(accountOf(line({ user: 'u' }), true)).toEqual(['192.0.2.1', 'address'])
  })

  it('shows a key that nobody named as a digest, since reports are passed on', () => {
    expect(displayName('sk_live_secret', 'key')).toMatch(/^key-[0-9a-f]{12}$/)
    expect(displayName('sk_live_secret', 'named')).toBe('sk_live_secret')
  })

  it('is of bounded length, and still apart from others that begin alike', () => {
    const [first] = accountOf(line({ user: `${'x'.repeat(60_000)}1` }), false)
    const [second] = accountOf(line({ user: `${'x'.repeat(60_000)}2` }), false)
    expect(first.length).toBeLessThanOrEqual(200)
    expect(first).not.toBe(second)
  })

  it('cannot move the cursor of a terminal', () => {
    expect(printable('a\u001b[2Jb\u202ec\nd')).toBe(String.raw`a\u001b[2Jb\u202ec\u000ad`)
    expect(printable('Zoë 東京')).toBe('Zoë 東京')
  })
})

describe('the table of accounts', () => {
  const table = (maxAccounts: number) => createAccountTable({ isNamed: true, plan: /^(\w+)-/, maxAccounts })

  it('finds the plan of each account by the first group, and "other" where it does not match', () => {
    const accounts = table(10)
    for (const named of ['pro-1', 'free-1', 'free-2', '?']) accounts.add(line({ named }))
    expect(accounts.list.map(({ plan }) => accounts.plans[plan])).toEqual(['pro', 'free', 'free', 'other'])
  })

  it('takes the plan from the key, and shows the key as a digest all the same', () => {
    const accounts = createAccountTable({ isNamed: false, plan: /^sk_(\w+)_/, maxAccounts: 10 })
    accounts.add(line({ key: 'sk_pro_1' }))
    expect(accounts.list[0]?.name).toMatch(/^key-/)
    expect(accounts.plans[accounts.list[0]?.plan ?? 0]).toBe('pro')
  })

  it('keeps no more accounts than it may, counts what they share, and still names a flood among them', () => {
    const accounts = table(100)
    for (let index = 0; index < 5000; index++) {
      accounts.add(line({ named: `a-${index}` }))
      if (index > 200) accounts.add(line({ named: 'flood-1' }))
    }
    expect(accounts.exact()).toBe(100)
    expect(accounts.shared()).toBe(4900 + 4799)
    const busiest = [...accounts.list].filter(Boolean).toSorted((left, right) => right.requests - left.requests)[0]
    expect(busiest?.name).toBe('flood-1')
    expect(accounts.list.length).toBeLessThanOrEqual(100 + 4096)
  })

  it('tells addresses with many user agents', () => {
    const accounts = createAccountTable({ isNamed: false, plan: undefined, maxAccounts: 10_000 })
    for (let index = 0; index < 60; index++) {
      accounts.add(line({ address: '192.0.2.1', agent: `browser ${index}` }))
      accounts.add(line({ address: '192.0.2.2', agent: `browser ${index % 5}` }))
    }
    expect(accounts.proxies()).toEqual(['192.0.2.1'])
  })
})

describe('the route of a path', () => {
  it.each([
    ['/users/17/orders', '/users/:id/orders'],
    ['/u/7c9e6679-7425-40de-944b-e07fc1f90ae7', '/u/:id'],
    ['/objects/a1b2c3d4e5f6a7b8c9d0', '/objects/:id'],
    ['/api/v2/search', '/api/v2/search'],
    ['/shuttle/missions/sts-70/mission-sts-70.html', '/shuttle/missions/sts-70/mission-sts-70.html'],
  ])('%s is %s', (path, route) => {
    expect(toTemplate(path)).toBe(route)
  })
})
