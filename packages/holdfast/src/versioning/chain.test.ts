import { describe, expect, it } from 'vitest'
import { aTransfer, aWallet, declareVersions, v1, v2, v3 } from '../../test/versioning/fixture.ts'
import { rewriteJson } from './json/rewrite.ts'

const versions = declareVersions()
const silent = { fired: () => {} }
const translate = (shape: string, version: string, direction: 'up' | 'down', value: unknown): unknown => {
  const plan = versions.plan(version)?.[direction](shape)
  const text = JSON.stringify(value)
  return JSON.parse(plan === undefined ? text : rewriteJson(text, plan, silent))
}

describe('a chain of versions', () => {
  it('gives each version its shape of one row [T2]', () => {
    expect(translate('transfer', v3, 'down', aTransfer)).toEqual(aTransfer)
    expect(translate('transfer', v2, 'down', aTransfer)).toEqual({
      id: 'trf_1',
      from: 'wal_1',
      to: 'wal_2',
      amount: { value: '10.50', currency: 'EUR' },
      status: 'done',
      memo: 'rent',
    })
    expect(translate('transfer', v1, 'down', aTransfer)).toEqual({
      id: 'trf_1',
      from: 'wal_1',
      to: 'wal_2',
      amount: 1050,
      currency: 'eur',
      status: 'done',
      memo: 'rent',
    })
  })
  it('brings what an old caller sends to the newest shape', () => {
    expect(translate('new-transfer', v1, 'up', { amount: 1050, currency: 'eur', from: 'a', to: 'b', memo: 'x' })).toEqual({
      amount: { value: '10.50', currency: 'EUR' },
      source: { id: 'a' },
      destination: { id: 'b' },
      metadata: { memo: 'x' },
    })
  })
  it('finds a resource inside another [T4]', () => {
    expect(translate('wallet', v1, 'down', { ...aWallet, last_transfer: aTransfer })).toMatchObject({
      owner: 'Ann',
      name: 'Rent',
      balance: 1050,
      currency: 'eur',
      last_transfer: { from: 'wal_1', amount: 1050 },
    })
  })
  it('derives the schema of every version', () => {
    const shapes = versions.chain.snapshots.get(v1)?.shapes
    expect(Object.keys(shapes?.get('transfer')?.['properties'] as object)).toEqual([
      'id',
      'from',
      'to',
      'amount',
      'status',
      'memo',
      'external_no',
      'currency',
    ])
    expect(shapes?.get('wallet')).toMatchObject({ required: expect.arrayContaining(['owner', 'name']) as string[] })
  })
})
