import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Policy, PolicyEvent } from 'holdfast'

/** Counts what the ledger does. */
export interface Metrics {
  /** Counts calls and their time; belongs outermost. */
  readonly policy: Policy
  /** All of it in Prometheus' text format. */
  render(): string
  close(): void
}

type Labels = Readonly<Record<string, string | number>>

/** Makes the ledger's metrics. `routeOf` names the route of a call: raw paths would make a series for every id. */
export function createMetrics(routeOf: (method: string, url: string) => string): Metrics {
  const requests = counter('ledger_requests_total', 'Calls answered, by route and status.')
  const seconds = counter('ledger_request_seconds_total', 'Time spent until the head of the answer, by route.')
  const verdicts = counter('ledger_policy_verdicts_total', 'What Holdfast decided, by policy, verdict and route.')
  let running = 0
  const listen = (message: unknown): void => {
    const { policy, verdict, route } = message as PolicyEvent
    verdicts.add({ policy, verdict, route: route ?? 'none' })
  }
  subscribe('holdfast:policy', listen)
  return {
    async policy(call, next) {
      const route = routeOf(call.method, call.url)
      const startedAt = performance.now()
      running += 1
      let status = 500
      try {
        const reply = await next(call)
        status = reply.status
        return reply
      } finally {
        running -= 1
        requests.add({ route, status })
        seconds.add({ route }, (performance.now() - startedAt) / 1000)
      }
    },
    render: () => [requests.render(), seconds.render(), verdicts.render(), processMetrics(running)].join(''),
    close: () => void unsubscribe('holdfast:policy', listen),
  }
}

function counter(name: string, help: string) {
  const series = new Map<string, number>()
  return {
    add(labels: Labels, amount = 1): void {
      const text = Object.entries(labels).map(([label, value]) => `${label}="${String(value).replace(/[\\"]/g, '\\$&')}"`)
      const key = `${name}{${text.join(',')}}`
      series.set(key, (series.get(key) ?? 0) + amount)
    },
    render: () => `# HELP ${name} ${help}\n# TYPE ${name} counter\n${[...series].map(([key, value]) => `${key} ${value}\n`).join('')}`,
  }
}

function processMetrics(running: number): string {
  const { user, system } = process.cpuUsage()
  const values: [name: string, type: 'gauge' | 'counter', help: string, value: number][] = [
    ['ledger_requests_running', 'gauge', 'Calls being answered.', running],
    ['process_cpu_seconds_total', 'counter', 'User and system time.', (user + system) / 1_000_000],
    ['process_resident_memory_bytes', 'gauge', 'Resident memory.', process.memoryUsage.rss()],
    ['process_start_time_seconds', 'gauge', 'Start, since the Unix epoch.', performance.timeOrigin / 1000],
    ['nodejs_eventloop_utilization', 'gauge', 'Share of its life the event loop was busy.', performance.eventLoopUtilization().utilization],
  ]
  return values.map(([name, type, help, value]) => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`).join('')
}
