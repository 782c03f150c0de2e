import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect, it, onTestFinished } from 'vitest'
import type { PolicyEvent } from '../core/index.ts'
import { gate, world } from '../../test/support/virtual-server.ts'
import { fails } from '../../test/support/virtual-store.ts'

/** What is published from now on. */
function listening(): PolicyEvent[] {
  const seen: PolicyEvent[] = []
  const listener = (event: unknown): void => void seen.push(event as PolicyEvent)
  subscribe('holdfast:policy', listener)
  onTestFinished(() => void unsubscribe('holdfast:policy', listener))
  return seen
}

it('tells an operator why the store turned a call away, which its caller is not told', async () => {
  const { server, faults } = world()
  const seen = listening()
  faults.claim = fails
  expect((await server().send()).text).not.toContain('the store is away')
  expect(seen).toMatchObject([{ verdict: 'store-unavailable', subject: 'virtual', error: { message: 'the store is away' } }])
})

it('tells that an answer was given that is not recorded yet, and why', async () => {
  const { server, faults } = world()
  const seen = listening()
  faults.complete = fails
  expect((await server().send()).status).toBe(201)
  expect(seen).toMatchObject([
    { verdict: 'record-delayed', subject: 'virtual', error: { message: 'the store is away' } },
    { verdict: 'replied' },
  ])
})

it('tells of a run that was taken over, and whose answer was dropped', async () => {
  const { server, faults, pass } = world()
  const seen = listening()
  const { handler, open } = gate()
  faults.heartbeat = fails
  const late = server({ guarantee: 'at-least-once' }).send({ handler })
  await pass(60_000)
  expect((await server({ guarantee: 'at-least-once' }).send()).status).toBe(201)
  open()
  await late
  expect(seen.map(({ verdict }) => verdict)).toEqual(['replied', 'fenced', 'replied'])
})
