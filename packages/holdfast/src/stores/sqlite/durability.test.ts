import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createDurability } from './durability.ts'

function heldFile() {
  const started: PromiseWithResolvers<void>[] = []
  return {
    started,
    file: {
      sync() {
        const one = Promise.withResolvers<void>()
        started.push(one)
        return one.promise
      },
      close: async () => {},
    },
  }
}

describe('durability', () => {
  it('gives everyone who asks during a sync the next one, which starts after it', async () => {
    const { started, file } = heldFile()
    const durability = createDurability(file)
    const ended: string[] = []
    const first = durability.sync().then(() => ended.push('first'))
    const second = durability.sync().then(() => ended.push('second'))
    const third = durability.sync().then(() => ended.push('third'))
    await nextTurn()
    expect(started).toHaveLength(1)
    started[0]?.resolve()
    await nextTurn()
    expect(ended).toEqual(['first'])
    expect(started).toHaveLength(2)
    started[1]?.resolve()
    await Promise.all([first, second, third])
    expect(started).toHaveLength(2)
    expect(durability.isSyncing).toBe(false)
  })

  it('starts one at a time, also for who asks at the moment one ends', async () => {
    let running = 0
    let most = 0
    const sync = async (): Promise<void> => {
      most = Math.max(most, ++running)
      await nextTurn()
      running--
    }
    const durability = createDurability({ sync, close: async () => {} })
    const askAgain = async (): Promise<void> => {
      for (let round = 0; round < 20; round++) await durability.sync()
    }
    await Promise.all([askAgain(), askAgain(), askAgain()])
    expect(most).toBe(1)
  })

  it('trusts no later sync after one has failed, until the log was written anew', async () => {
    const { started, file } = heldFile()
    const durability = createDurability(file)
    const first = durability.sync()
    const second = durability.sync()
    started[0]?.reject(new Error('EIO'))
    await expect(first).rejects.toMatchObject({ code: 'store-unavailable', cause: { message: 'EIO' } })
    await expect(second).rejects.toMatchObject({ code: 'store-unavailable' })
    await expect(durability.sync()).rejects.toMatchObject({ code: 'store-unavailable' })
    await expect(durability.settled()).rejects.toMatchObject({ code: 'store-unavailable' })
    expect([started.length, durability.isSuspect]).toEqual([1, true])
    durability.restored()
    const third = durability.sync()
    started[1]?.resolve()
    await third
  })
})
