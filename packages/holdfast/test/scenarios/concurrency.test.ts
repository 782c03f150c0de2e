import { createHook } from 'node:async_hooks'
import { expect, it } from 'vitest'
import { counting } from './faults.ts'
import { createGate } from './gate.ts'
import { describeMatrix } from './matrix.ts'
import type { ScenarioHandler } from './matrix.ts'

const times = <T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)))

describeMatrix('many calls at once', { kits: ['node', 'fastify'] }, ({ open, start }) => {
  /** A handler that takes a while, so that calls do overlap. */
  const slow =
    (ms: number): ScenarioHandler =>
    async ({ asked, add }) => {
      await asked.body()
      await new Promise((resolve) => setTimeout(resolve, ms))
      await add()
      return { status: 201, body: 'done' }
    }

  it('gives fifty calls with one key one effect and one answer [31]', async () => {
    const opened = await open()
    const { post } = await start({ open: opened, handler: slow(30) })
    const answers = await times(50, () => post('/transfers'))
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).toEqual(new Set(['201 done']))
    expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === 'false')).toHaveLength(1)
    expect(await opened.effects()).toBe(1)
  })

  it('does so over several servers that share a store [32]', async () => {
    const opened = await open()
    const servers = [await start({ open: opened, handler: slow(30) })]
    for (let more = 0; more < 3; more++) servers.push(await start({ open: await opened.twin(), handler: slow(30) }))
    const answers = await times(48, (index) => (servers[index % 4] as (typeof servers)[number]).post('/transfers'))
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).toEqual(new Set(['201 done']))
    expect(await opened.effects()).toBe(1)
  })

  it('answers all but one with 409 at once where the route says so [33]', async () => {
    const opened = await open()
    const gate = createGate()
    const { post } = await start({
      open: opened,
      async handler({ add }) {
        await gate.pass()
        await add()
        return { status: 201 }
      },
    })
    const first = post('/conflict')
    await gate.entered
    const repeats = await times(49, () => post('/conflict'))
    for (const { status, json, headers } of repeats) {
      expect([status, json['code'], json['retryable']]).toEqual([409, 'in-progress', true])
      expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1)
    }
    gate.open()
    expect((await first).status).toBe(201)
    expect((await post('/conflict')).headers['idempotent-replayed']).toBe('true')
    expect(await opened.effects()).toBe(1)
  })

  it('turns a repeat away when its patience ends before the handler does, and replays later [36]', async () => {
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
    const first = post('/impatient')
    await gate.entered
    expect((await post('/impatient')).json).toMatchObject({ code: 'in-progress', status: 409, retryable: true })
    gate.open()
    await first
    expect(await post('/impatient')).toMatchObject({ status: 201, text: 'done' })
    expect(await opened.effects()).toBe(1)
  })
})

/** Counts what the whole process does while `work` runs: callbacks of timers, sockets and promises. Not its time, which belongs to the machine. */
async function countWork(work: () => Promise<void>): Promise<number> {
  let called = 0
  const hook = createHook({ before: () => void called++ }).enable()
  try {
    await work()
  } finally {
    hook.disable()
  }
  return called
}

describeMatrix('a thousand repeats', { kits: ['node'], stores: ['memory'] }, ({ open, start }) => {
  it('do not slow other keys down [34]', async () => {
    const opened = await open()
    const { open: counted, asked } = counting(opened)
    const gate = Promise.withResolvers<void>()
    const { post } = await start({
      open: counted,
      declaration: { routes: { 'POST /transfers': { idempotency: { guarantee: 'at-most-once', joinTimeoutMs: 600_000 } } } },
      async handler({ asked, add }) {
        if ((await asked.body()).includes('slow')) await gate.promise
        await add()
        return { status: 201 }
      },
    })
    const measure = async (prefix: string): Promise<{ operations: string; work: number; cpuMs: number }> => {
      asked.length = 0
      const before = process.threadCpuUsage()
      const work = await countWork(async () => {
        for (let index = 0; index < 100; index++) expect((await post('/transfers', { key: `${prefix}-${index}` })).status).toBe(201)
      })
      const { user, system } = process.threadCpuUsage(before)
      // The one call that runs says from time to time that it lives.
      return { operations: asked.filter((name) => name !== 'heartbeat').join(), work, cpuMs: (user + system) / 1_000 }
    }
    await measure('warm')
    const alone = await measure('alone')
    let answered = 0
    const hot = async (): Promise<number> => {
      // An idle connection would be closed some seconds later, in the middle of what is counted.
      const headers = { 'content-type': 'text/plain', connection: 'close' }
      const { status } = await post('/transfers', { key: 'hot', body: 'slow', headers })
      answered += 1
      return status
    }
    const repeats = times(1_000, hot)
    // All of them have arrived when the surplus has been turned away: one runs, and 64 may wait.
    while (answered < 1_000 - 65) await new Promise(setImmediate)
    // Meanwhile the connections of those turned away end.
    await measure('closing')
    const beside = await measure('beside')
    expect(answered).toBe(1_000 - 65)
    gate.resolve()
    const statuses = await repeats
    expect([201, 409].map((wanted) => statuses.filter((status) => status === wanted).length)).toEqual([65, 1_000 - 65])
    // Whoever waits asks the store nothing, and does nothing: else what the others take would grow with the repeats. One callback a call is for the machine.
    expect(beside.operations).toBe(alone.operations)
    expect(beside.work).toBeLessThan(alone.work + 100)
    // What this thread computed, whatever else the machine does: against walks over all who wait, of 10 ms a call.
    expect(beside.cpuMs).toBeLessThan(2 * alone.cpuMs + 1_000)
    expect(await opened.effects()).toBe(401)
  })
})
