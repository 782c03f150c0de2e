import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startLoopback } from '../../../test/postgres/loopback.ts'
import type { Fate, Loopback } from '../../../test/postgres/loopback.ts'
import { claimOf, committing, drivers, makeEffects, newId } from '../../../test/postgres/support.ts'
import type { Opened } from '../../../test/postgres/support.ts'
import { describeWithPostgres } from '../../../../../test/servers/index.ts'
import { postgres } from './index.ts'
import type { PostgresStore } from './index.ts'

/** Applies a fate to the first commit, and lets everything else pass. */
function once(fate: Fate): (text: string) => Fate {
  let isSpent = false
  return (text) => {
    if (isSpent || !text.includes('COMMIT\0')) return 'pass'
    isSpent = true
    return fate
  }
}

describeWithPostgres('a connection of the Postgres store that is lost while it commits', (url) => {
  for (const { driver, open } of drivers) {
    describe(`through ${driver}`, () => {
      const suffix = driver.replace('.', '_')
      let loopback: Loopback
      let opened: Opened
      let store: PostgresStore
      let effects: Awaited<ReturnType<typeof makeEffects>>
      beforeAll(async () => {
        loopback = await startLoopback(url)
        opened = open(loopback.url)
        store = postgres(opened.pool, { schema: `ambiguous_${suffix}`, timeoutMs: 3000 })
        effects = await makeEffects(opened.pool, `effects_ambiguous_${suffix}`)
        await store.migrate()
      })
      afterEach(() => {
        loopback.onMessage = () => 'pass'
      })
      afterAll(async () => {
        await opened.end()
        await loopback.close()
      })

      const transact = (key: string) =>
        store.idempotency.transact?.(claimOf(key), async ({ transaction }) => {
          await effects.add(transaction, key)
          return committing
        })

      it('is found to have committed when the message arrived', async () => {
        const key = newId()
        loopback.onMessage = once('cut after')
        await expect(transact(key)).resolves.toEqual({ kind: 'committed' })
        await expect(transact(key)).resolves.toMatchObject({ kind: 'done', answer: committing.commit })
        expect(await effects.count(key)).toBe(1)
      })

      it('is found to have committed when the message arrived late, after the caller began to look', async () => {
        const key = newId()
        loopback.onMessage = once('cut and deliver late')
        await expect(transact(key)).resolves.toEqual({ kind: 'committed' })
        expect(await effects.count(key)).toBe(1)
      })

      it('is found to have rolled back when the message was lost, so that a retry runs at once', async () => {
        const key = newId()
        loopback.onMessage = once('cut before')
        await expect(transact(key)).rejects.toMatchObject({ code: 'store-unavailable', cause: expect.anything() })
        await expect(transact(key)).resolves.toEqual({ kind: 'committed' })
        expect(await effects.count(key)).toBe(1)
      })

      it('is found to have saved a step when the message arrived', async () => {
        const [key, owner] = [newId(), newId()]
        await store.idempotency.claim(claimOf(key, { owner }))
        loopback.onMessage = once('cut after')
        const saved = store.idempotency.step?.(key, owner, async (transaction) => {
          await effects.add(transaction, key)
          return Buffer.from('progress')
        })
        await expect(saved).resolves.toBe(true)
        expect(await effects.count(key)).toBe(1)
      })

      it('is found not to have saved a step when the message was lost', async () => {
        const [key, owner] = [newId(), newId()]
        await store.idempotency.claim(claimOf(key, { owner }))
        loopback.onMessage = once('cut before')
        const saved = store.idempotency.step?.(key, owner, async (transaction) => {
          await effects.add(transaction, key)
          return Buffer.from('progress')
        })
        await expect(saved).rejects.toMatchObject({ code: 'store-unavailable' })
        expect(await effects.count(key)).toBe(0)
      })

      it('never has a second effect when 10 keys are sent by 5 callers each and every third commit is lost', async () => {
        const keys = Array.from({ length: 10 }, () => newId())
        let commits = 0
        const fates: readonly Fate[] = ['cut after', 'cut before', 'cut and deliver late']
        loopback.onMessage = (text) => {
          if (!text.includes('COMMIT\0') || !text.includes('_finish_')) return 'pass'
          commits += 1
          return commits % 3 === 0 ? (fates[(commits % 9) / 3] ?? 'cut after') : 'pass'
        }
        const calls = keys.flatMap((key) =>
          Array.from({ length: 5 }, async () => {
            for (;;) {
              const verdict = await transact(key)?.catch(() => undefined)
              if (verdict?.kind === 'committed' || verdict?.kind === 'done') return
              await new Promise((resolve) => setTimeout(resolve, 20))
            }
          }),
        )
        await Promise.all(calls)
        for (const key of keys) expect(await effects.count(key)).toBe(1)
      })
    })
  }
})
