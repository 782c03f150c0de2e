import { channel } from 'node:diagnostics_channel'
import { metrics, trace } from '@opentelemetry/api'
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { TracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { defineApi } from '../api/index.ts'
import { createFetch } from '../client/index.ts'
import { createCall, createReply, toFields } from '../core/index.ts'
import { memory } from '../stores/memory/index.ts'
import { openTelemetry } from './index.ts'

/** OpenTelemetry's own SDK, and what it would export. */
function sdk() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })] })
  const stop = openTelemetry({ meter: provider.getMeter('holdfast') })
  onTestFinished(async () => {
    stop()
    await provider.shutdown()
  })
  return {
    stop,
    async exported(metric: string) {
      exporter.reset()
      await provider.forceFlush()
      const found = exporter.getMetrics().flatMap((resource) => resource.scopeMetrics.flatMap((scope) => scope.metrics))
      const points = found.find(({ descriptor }) => descriptor.name === metric)?.dataPoints ?? []
      return points.map(({ attributes, value }) => ({ attributes, value }))
    },
  }
}

function api() {
  const { policy } = defineApi({
    store: memory(),
    account: () => 'ada',
    limits: [{ name: 'per-day', limit: 2, windowSeconds: 86_400, burst: 2 }],
    routes: { 'POST /transfers/:id': { idempotency: 'at-most-once' } },
  })
  return (key: string) =>
    policy(
      createCall({ method: 'POST', url: '/transfers/7', headers: toFields({ 'idempotency-key': key }), body: new Uint8Array(0) }),
      () => createReply(201),
    )
}

describe('decisions', () => {
  it('are counted by policy, verdict, route and limit, and by nothing that is of one caller', async () => {
    const { exported } = sdk()
    const send = api()
    for (const key of ['first', 'first', 'other']) await send(key)
    const common = { 'http.request.method': 'POST', 'http.route': '/transfers/:id' }
    expect(await exported('holdfast.decisions')).toEqual([
      { attributes: { 'holdfast.policy': 'idempotency', 'holdfast.verdict': 'replied', ...common }, value: 1 },
      { attributes: { 'holdfast.policy': 'idempotency', 'holdfast.verdict': 'replayed', ...common }, value: 1 },
      {
        attributes: { 'holdfast.policy': 'rate-limit', 'holdfast.verdict': 'throttled', 'holdfast.subject': 'per-day', ...common },
        value: 1,
      },
    ])
  })

  it('are events of the span at hand', async () => {
    const exporter = new InMemorySpanExporter()
    const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
    const span = provider.getTracer('service').startSpan('POST /transfers/:id')
    const stop = openTelemetry({ trace: { getActiveSpan: () => span } })
    await api()('first')
    stop()
    span.end()
    expect(exporter.getFinishedSpans()[0]?.events).toMatchObject([
      { name: 'holdfast.decision', attributes: { 'holdfast.policy': 'idempotency', 'holdfast.verdict': 'replied' } },
    ])
  })

  it('say what a dependency failed with by its code, never by its message', async () => {
    const { exported } = sdk()
    const error = Object.assign(new Error('password authentication failed for user "ledger"'), { code: '28P01' })
    channel('holdfast:policy').publish({
      policy: 'idempotency',
      verdict: 'store-unavailable',
      route: undefined,
      subject: 'postgres',
      error,
    })
    channel('holdfast:error').publish({ error: new TypeError('ada is undefined') })
    channel('holdfast:error').publish({ error: 'thrown text' })
    expect(await exported('holdfast.decisions')).toMatchObject([{ attributes: { 'error.type': '28P01', 'holdfast.subject': 'postgres' } }])
    expect(await exported('holdfast.errors')).toEqual([
      { attributes: { 'error.type': 'TypeError' }, value: 1 },
      { attributes: { 'error.type': 'string' }, value: 1 },
    ])
  })

  it('are not counted any more once it was stopped', async () => {
    const { exported, stop } = sdk()
    stop()
    await api()('first')
    expect(await exported('holdfast.decisions')).toEqual([])
  })
})

describe('calls of a client', () => {
  it('are measured with all their attempts, and each attempt is counted', async () => {
    const { exported } = sdk()
    const answers = [new Response(null, { status: 503, headers: { 'retry-after': '0' } }), new Response('{}')]
    const fetch = createFetch({ fetch: () => Promise.resolve(answers.shift() as Response), random: () => 0 })
    await fetch('https://api.example/wallets/w1?token=secret')
    const common = { 'http.request.method': 'GET', 'server.address': 'api.example' }
    expect(await exported('holdfast.client.attempts')).toEqual([
      {
        attributes: { ...common, 'http.response.status_code': 503, 'error.type': '503', 'holdfast.resend': false },
        value: 1,
      },
      { attributes: { ...common, 'http.response.status_code': 200, 'holdfast.resend': true }, value: 1 },
    ])
    expect(await exported('holdfast.client.call.duration')).toMatchObject([
      { attributes: { ...common, 'http.response.status_code': 200, 'holdfast.replayed': false }, value: { count: 1 } },
    ])
  })
})

it('a meter that throws changes nothing, and is warned of once', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const add = (): never => {
    throw new Error('no memory')
  }
  const stop = openTelemetry({ meter: { createCounter: () => ({ add }), createHistogram: () => ({ record: add }) } })
  const send = api()
  expect((await send('first')).status).toBe(201)
  expect((await send('other')).status).toBe(201)
  stop()
  expect(warn.mock.calls).toEqual([[expect.stringContaining('holdfast:policy failed'), 'HoldfastWarning']])
  warn.mockRestore()
})

it("takes OpenTelemetry's own objects", () => {
  openTelemetry({ meter: metrics.getMeter('holdfast'), trace })()
})
