import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { createInFlight } from './in-flight.ts'

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending')
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending
}

describe('the calls in flight', () => {
  it('are found by id while they run', () => {
    const inFlight = createInFlight()
    const flight = inFlight.enter('a', 'fp')
    expect(inFlight.find('a')).toBe(flight)
    inFlight.leave('a')
    expect(inFlight.find('a')).toBeUndefined()
  })

  it('tell whoever waits how they ended', async () => {
    const flight = createInFlight().enter('a', 'fp')
    const waiting = [flight.settled, flight.settled]
    flight.settle({ kind: 'open' })
    expect(await Promise.all(waiting)).toEqual([{ kind: 'open' }, { kind: 'open' }])
  })

  it('end a wait for confirmation when they are confirmed, and when they end without', async () => {
    const [confirmed, ended] = [createInFlight().enter('a', 'fp'), createInFlight().enter('b', 'fp')]
    const waits = [confirmed.confirmation, ended.confirmation]
    confirmed.confirm()
    ended.settle({ kind: 'open' })
    await Promise.all(waits)
    expect([confirmed.confirmed, ended.confirmed]).toEqual([true, false])
    await confirmed.confirmation
  })
})

describe('waiting for a call in flight', () => {
  it('is limited for each key', () => {
    const inFlight = createInFlight({ waitersPerKey: 2 })
    const [a, b] = [inFlight.enter('a', 'fp'), inFlight.enter('b', 'fp')]
    const done = inFlight.wait(a)
    expect(inFlight.wait(a)).toBeTypeOf('function')
    expect(inFlight.wait(a)).toBeUndefined()
    expect(inFlight.wait(b)).toBeTypeOf('function')
    done?.()
    expect(inFlight.wait(a)).toBeTypeOf('function')
  })

  it('is limited for the process', () => {
    const inFlight = createInFlight({ waitersPerProcess: 1 })
    const done = inFlight.wait(inFlight.enter('a', 'fp'))
    expect(inFlight.wait(inFlight.enter('b', 'fp'))).toBeUndefined()
    done?.()
    expect(inFlight.wait(inFlight.enter('c', 'fp'))).toBeTypeOf('function')
  })
})

describe('draining', () => {
  it('ends at once when nothing runs', async () => {
    const inFlight = createInFlight()
    expect(inFlight.draining).toBe(false)
    await inFlight.drain()
    expect(inFlight.draining).toBe(true)
  })

  it('waits for calls and for work behind them', async () => {
    const inFlight = createInFlight()
    const work = Promise.withResolvers<void>()
    inFlight.enter('a', 'fp')
    inFlight.track(work.promise)
    const drained = inFlight.drain()
    inFlight.leave('a')
    expect(await isSettled(drained)).toBe(false)
    work.resolve()
    await drained
  })

  it('keeps the process from ending before, though nothing else does', () => {
    const program = `
      import { createInFlight } from ${JSON.stringify(new URL('./in-flight.ts', import.meta.url).href)}
      const inFlight = createInFlight()
      inFlight.track(new Promise((resolve) => setTimeout(resolve, 50).unref()))
      await inFlight.drain()
      console.log('drained')
    `
    const { stdout } = spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '--eval', program], { encoding: 'utf8' })
    expect(stdout).toBe('drained\n')
  })

  it('tells everybody who asked', async () => {
    const inFlight = createInFlight()
    inFlight.enter('a', 'fp')
    const both = [inFlight.drain(), inFlight.drain()]
    inFlight.leave('a')
    await Promise.all(both)
  })

  it('survives work that fails', async () => {
    const inFlight = createInFlight()
    inFlight.track(Promise.reject(new Error('gone')))
    await inFlight.drain()
  })
})
