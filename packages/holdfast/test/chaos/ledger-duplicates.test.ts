import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { describeStores } from './support/cells.ts'
import { essence, send, sendUntilSettled } from './support/client.ts'
import { asAlice, openWallet, startFleet, transferOf } from './support/fleet.ts'
import type { Fleet } from './support/fleet.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

describeStores(
  'four ledger processes that share a database',
  ({ url }) => {
    let fleet: Fleet
    let order: object
    beforeAll(async () => {
      fleet = await startFleet(url, 4)
      const [ann, ben] = await Promise.all([openWallet(fleet.urls[0] ?? '', '1000.00'), openWallet(fleet.urls[1] ?? '', '1.00')])
      order = transferOf(ann, ben, 100)
    })
    afterAll(() => fleet?.close())

    /** Sends copies of one transfer to all processes at once. */
    const sendCopies = (key: string, copies: number) =>
      Promise.all(
        Array.from({ length: copies }, (_, copy) => {
          const places = fleet.urls.map((_url, place) => fleet.urls[(copy + place) % fleet.urls.length] ?? '')
          return sendUntilSettled(places, { path: '/transfers', key, body: order, headers: asAlice })
        }),
      )

    it('[32] run 50 identical transfers at once as one, and give 50 equal answers', async () => {
      const answers = await sendCopies('fifty', 50)
      const { transfers } = await fleet.rows()
      expect(transfers.filter(({ key }) => key === 'fifty').map(({ id }) => id)).toEqual([
        (JSON.parse(answers[0]?.body ?? '') as { id: string }).id,
      ])
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 201))
      expect(new Set(answers.map((answer) => JSON.stringify(essence(answer)))).size).toBe(1)
      expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === 'false')).toHaveLength(1)
    })

    it('[32] run 20 keys, 50 times each at once, as 20 transfers', async () => {
      const keys = Array.from({ length: 20 }, (_, index) => `one-of-twenty-${index}`)
      const answers = await Promise.all(keys.map((key) => sendCopies(key, 50)))
      const { transfers, sumCents, transferEntries } = await fleet.rows()
      expect(
        transfers
          .map(({ key }) => key)
          .filter((key) => key.startsWith('one-of-twenty-'))
          .toSorted(),
      ).toEqual(keys.toSorted())
      for (const [index, copies] of answers.entries()) {
        expect([keys[index], ...new Set(copies.map((answer) => JSON.stringify(essence(answer))))]).toHaveLength(2)
        expect(copies.every(({ status }) => status === 201)).toBe(true)
      }
      expect([sumCents, transferEntries]).toEqual([0, 2 * transfers.length])
    })

    it('[58] lose nothing when one of them gets SIGTERM under load: what it answered stands, the others do the rest, exit code 0', async () => {
      const leaving = 3
      const keys = Array.from({ length: 60 }, (_, index) => `leaving-${index}`)
      const callOf = (key: string) => ({ path: '/transfers', key, body: order, headers: asAlice })
      const attempts = keys.map((key) => send(fleet.urls[leaving] ?? '', callOf(key)).catch(() => undefined))
      await Promise.race(attempts)
      fleet.worker(leaving).kill('SIGTERM')
      const answers = await Promise.all(attempts)
      expect(await fleet.worker(leaving).ended).toEqual({ code: 0, signal: null })
      const rest = await Promise.all(keys.map((key) => sendUntilSettled(fleet.urls.slice(0, leaving), callOf(key))))
      const { transfers } = await fleet.rows()
      for (const [place, key] of keys.entries()) {
        const [answer, settled] = [answers[place], rest[place]]
        expect([key, settled?.status, transfers.filter((transfer) => transfer.key === key).length]).toEqual([key, 201, 1])
        // Turned away with 503, or given the answer that every repeat gets.
        if (answer !== undefined && answer.status !== 503) expect([key, essence(answer)]).toEqual([key, settled && essence(settled)])
      }
    })
  },
  ['sqlite', 'postgres'],
)
