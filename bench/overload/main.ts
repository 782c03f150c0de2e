// npm run bench -- overload: a real server offered three times what it can serve, and one greedy caller among fifty, with and without shedding
import { parseArgs } from 'node:util'
import { progress } from '../harness/progress.ts'
import { hasMet, renderTable } from '../harness/report.ts'
import type { Row, Table, Target } from '../harness/report.ts'
import { startProcess } from '../harness/server-process.ts'
import { quantile, spreadOf } from '../harness/statistics.ts'
import { offer } from './load.ts'
import type { Call, Caller } from './load.ts'
import type { ServerSpec } from './server.ts'

const usage = `npm run bench -- overload [--seconds N] [--json]

A server of 50 places, some 250 ms a call, so 200 calls a second. Calls come at random times over loopback, from another process, and give up after two seconds.

--seconds N  how long each overload lasts, 30 by default
--json       one JSON document instead of tables
`
const capacity = 200

const { values } = parseArgs({
  options: { help: { type: 'boolean', short: 'h' }, seconds: { type: 'string', default: '30' }, json: { type: 'boolean', default: false } },
})
const seconds = Number(values.seconds)
if (values.help === true || !(seconds >= 1)) {
  process.stdout.write(usage)
  process.exit(values.help === true ? 0 : 2)
}

const ok = (calls: readonly Call[]): Call[] => calls.filter(({ status }) => status === 200)
const p99 = (calls: readonly Call[]): number =>
  calls.length === 0
    ? Number.POSITIVE_INFINITY
    : quantile(
        calls.map(({ latencyMs }) => latencyMs).toSorted((a, b) => a - b),
        0.99,
      )
const row = (name: string, value: number, target?: Target): Row => ({ name, measured: spreadOf([value]), ...(target && { target }) })
const crowd = (count: number, perSecond: number): Caller[] =>
  Array.from({ length: count }, (_, index) => ({ name: `caller ${index}`, perSecond: perSecond / count }))

/** Seconds after the overload until a second in which every call is answered, and nearly all in the usual time. */
function recovery(after: readonly Call[], usualMs: number): number {
  for (let second = 0; second < 10; second++) {
    const calls = after.filter(({ sentAt }) => Math.floor(sentAt / 1_000) === second)
    if (calls.length > 0 && ok(calls).length === calls.length && p99(calls) <= 1.5 * usualMs) return second
  }
  return Number.POSITIVE_INFINITY
}

async function measure(sheds: boolean): Promise<Row[]> {
  const who = sheds ? 'holdfast' : 'no shedding'
  const server = await startProcess(new URL('server.ts', import.meta.url), { sheds } satisfies ServerSpec, { profileFolder: undefined })
  const { port } = server.ready as { port: number }
  try {
    progress(`${who}: half of the capacity, for 10 s`)
    const usual = p99(ok(await offer(port, crowd(30, capacity / 2), 10)))
    progress(`${who}: three times the capacity, for ${seconds} s`)
    const overload = await offer(port, crowd(30, 3 * capacity), seconds)
    const after = await offer(port, crowd(30, capacity / 2), 10)
    progress(`${who}: one greedy caller among fifty, for ${seconds} s`)
    const others = crowd(49, 0.78 * capacity)
    const ordinary = (others[0] as Caller).perSecond
    await offer(port, [...others, { name: 'greedy', perSecond: ordinary }], 5)
    const mixed = await offer(port, [...others, { name: 'greedy', perSecond: 20 * ordinary }], seconds)
    const ofOthers = mixed.filter(({ caller }) => caller !== 'greedy')
    const targets = sheds
      ? { goodput: { atLeast: 0.9 }, latency: { atMost: 3 }, recovery: { atMost: 5 }, others: { atMost: 0.1 } }
      : { goodput: undefined, latency: undefined, recovery: undefined, others: undefined }
    return [
      row(`${who}: served of capacity, offered 3 x`, ok(overload).length / seconds / capacity, targets.goodput),
      row(`${who}: p99 of what was served, of p99 at half load`, p99(ok(overload)) / usual, targets.latency),
      row(`${who}: calls that ran out of patience, %`, (100 * overload.filter(({ status }) => status === 0).length) / overload.length),
      row(`${who}: seconds until all is as before`, recovery(after, usual), targets.recovery),
      row(
        `${who}: calls of 49 lost beside one at 20 x, %`,
        (100 * (ofOthers.length - ok(ofOthers).length)) / ofOthers.length,
        targets.others,
      ),
      row(`${who}: p99 of the 49, of p99 at half load`, p99(ok(ofOthers)) / usual),
    ]
  } finally {
    await server.stop()
  }
}

const table: Table = {
  title: 'a server of 50 places under overload',
  unit: 'measured',
  notes: ['a call that is not answered within 2 s is lost; what was served is what was answered with 200'],
  rows: [...(await measure(true)), ...(await measure(false))],
}
if (values.json) console.log(JSON.stringify({ ...table, rows: table.rows.map((one) => ({ ...one, met: hasMet(one) })) }, undefined, 2))
else console.log(renderTable(table))
