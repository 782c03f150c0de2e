import { channel } from 'node:diagnostics_channel'
import type { PolicyEvent } from 'holdfast'
import { expect, it, onTestFinished } from 'vitest'
import { reportStores } from './report-stores.ts'

/** What is said of events that are published. */
function reporting() {
  const said: string[] = []
  const clock = { now: 0 }
  onTestFinished(
    reportStores(
      (line) => said.push(line),
      () => clock.now,
    ),
  )
  return { said, clock, publish: (event: Partial<PolicyEvent>) => channel('holdfast:policy').publish({ policy: 'idempotency', ...event }) }
}

const error = new Error('the postgres store failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:5432') })

it('says why calls are turned away, with the words of the driver', () => {
  const { said, publish } = reporting()
  publish({ verdict: 'store-unavailable', subject: 'postgres', error })
  expect(said).toEqual([
    'keys: calls are turned away, since postgres does not answer (the postgres store failed: connect ECONNREFUSED 127.0.0.1:5432)',
  ])
})

it('says it once in ten seconds, however many calls meet it', () => {
  const { said, publish, clock } = reporting()
  for (let call = 0; call < 100; call++) publish({ verdict: 'store-unavailable', subject: 'postgres', error })
  expect(said).toHaveLength(1)
  clock.now = 10_000
  publish({ verdict: 'record-delayed', subject: 'postgres', error })
  expect(said[1]).toContain('has not recorded yet')
})

it('says when limits go on without their store, and when it is back', () => {
  const { said, publish } = reporting()
  publish({ policy: 'rate-limit', verdict: 'store-away', subject: 'redis', error: new Error('it did not answer within 50 ms') })
  publish({ policy: 'rate-limit', verdict: 'store-back', subject: 'redis' })
  expect(said).toEqual([
    'limits: redis does not answer (it did not answer within 50 ms); this process goes on with its share of what it last said',
    'limits: redis is back',
  ])
})

it('has nothing to say of what works', () => {
  const { said, publish } = reporting()
  for (const verdict of ['replied', 'replayed', 'running']) publish({ verdict })
  expect(said).toEqual([])
})
