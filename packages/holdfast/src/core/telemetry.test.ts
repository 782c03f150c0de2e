import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect, it } from 'vitest'
import { publish } from './telemetry.ts'

it('publishes decisions to whoever listens, and to no one else', () => {
  const seen: unknown[] = []
  const listener = (message: unknown): void => void seen.push(message)
  publish('idempotency', 'acquired', 'POST /a')
  subscribe('holdfast:policy', listener)
  publish('idempotency', 'replayed', undefined)
  unsubscribe('holdfast:policy', listener)
  publish('idempotency', 'acquired', 'POST /b')
  expect(seen).toEqual([{ policy: 'idempotency', verdict: 'replayed', route: undefined }])
})
