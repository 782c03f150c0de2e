import { strict as assert } from 'node:assert'
import type { UsageRow, VersionStore } from '../../versioning/store.ts'

/** What the suite needs from a store. */
export interface VersionConformanceOptions {
  readonly name: string
  /** Opens a store; it may hold what earlier checks have left, since each uses accounts of its own. */
  readonly open: () => Promise<VersionStore>
  /** Moves the store's clock; without it checks of ages are looser. */
  readonly advance?: (ms: number) => void
}

/** One check, for `it(check.name, check.run)`. */
export interface VersionCheck {
  readonly name: string
  readonly run: () => Promise<void>
}

let accounts = 0
const newAccount = (): string => `account ${++accounts} of ${crypto.randomUUID()}`

/**
 * Checks that a store of versions keeps its port's promises.
 *
 * @example
 * for (const check of versionConformance({ name: 'mine', open })) it(check.name, check.run)
 */
export function versionConformance({ open, advance }: VersionConformanceOptions): readonly VersionCheck[] {
  return [
    {
      name: 'knows no pin of an account that has none',
      async run() {
        assert.equal(await (await open()).findPin(newAccount()), undefined)
      },
    },
    {
      name: 'sets the first pin of an account once, however many ask at the same time',
      async run() {
        const store = await open()
        const account = newAccount()
        const asked = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? 'a' : 'b'))
        const pins = await Promise.all(asked.map((version) => store.insertPin(account, version)))
        assert.equal(new Set(pins.map(({ version }) => version)).size, 1)
        const stands = await store.findPin(account)
        assert.equal(stands?.version, pins[0]?.version)
        assert.equal(stands?.from, undefined)
      },
    },
    {
      name: 'replaces a pin only while it is the expected one',
      async run() {
        const store = await open()
        const account = newAccount()
        assert.equal(await store.replacePin(account, 'a', { version: 'b', from: 'a' }), false)
        await store.insertPin(account, 'a')
        const done = await Promise.all(['b', 'c', 'd'].map((version) => store.replacePin(account, 'a', { version, from: 'a' })))
        assert.deepEqual(done.filter(Boolean).length, 1)
        const pin = await store.findPin(account)
        assert.equal(pin?.from, 'a')
        assert.equal(await store.replacePin(account, pin?.version ?? '', { version: 'a', from: undefined }), true)
        assert.equal((await store.findPin(account))?.from, undefined)
      },
    },
    {
      name: 'tells how old a pin is, by its own clock',
      async run() {
        const store = await open()
        const account = newAccount()
        await store.insertPin(account, 'a')
        advance?.(5_000)
        const { ageMs = -1 } = (await store.findPin(account)) ?? {}
        assert.ok(advance === undefined ? ageMs >= 0 && ageMs < 60_000 : ageMs >= 5_000 && ageMs < 10_000, `age ${ageMs}`)
        await store.replacePin(account, 'a', { version: 'b', from: 'a' })
        assert.ok(((await store.findPin(account))?.ageMs ?? 60_000) < (advance === undefined ? 60_000 : 5_000))
      },
    },
    {
      name: 'adds usage up, and finds it by account, version and time',
      async run() {
        const store = await open()
        const account = newAccount()
        const hour = 3_600_000 * 480_000
        const row: UsageRow = {
          account,
          version: 'a',
          source: 'pin',
          route: 'GET /é',
          hour,
          calls: 2,
          lastAt: hour + 5,
          fired: { 'one-change': 1 },
        }
        await Promise.all([
          store.addUsage([row, { ...row, version: 'b', fired: {} }]),
          store.addUsage([{ ...row, calls: 3, lastAt: hour + 9, fired: { 'one-change': 2, other: 1 } }]),
        ])
        await store.addUsage([])
        const found = await store.readUsage({ account, version: 'a' })
        assert.deepEqual(found, [{ ...row, calls: 5, lastAt: hour + 9, fired: { 'one-change': 3, other: 1 } }])
        assert.equal((await store.readUsage({ account })).length, 2)
        assert.equal((await store.readUsage({ account, since: hour + 3_600_000 })).length, 0)
        assert.equal((await store.readUsage({ account, since: hour + 3_599_999 })).length, 2)
        assert.equal((await store.readUsage({ account: newAccount() })).length, 0)
      },
    },
    {
      name: 'keeps what was decided about a version until it is taken back',
      async run() {
        const store = await open()
        const version = newAccount()
        const retirement = { version, deprecatedAt: 1, retireAt: 3, brownouts: [{ from: 1, until: 2 }], exempt: ['é'] }
        const mine = async () => (await store.readRetirements()).filter((one) => one.version === version)
        await store.writeRetirement(version, { ...retirement, retireAt: 2 })
        await store.writeRetirement(version, retirement)
        assert.deepEqual(await mine(), [retirement])
        await store.writeRetirement(version, undefined)
        assert.deepEqual(await mine(), [])
      },
    },
  ]
}
