// One server to measure, in a process of its own
import type { AddressInfo } from 'node:net'
import { answerParent, specOf } from '../../harness/answer-parent.ts'
import { watchEventLoop } from '../../harness/event-loop-delay.ts'
import type { LoopDelay } from '../../harness/event-loop-delay.ts'
import { servers } from './frameworks.ts'
import { open } from './open.ts'
import type { ServerSpec, Usage } from './spec.ts'

const spec = specOf<ServerSpec>()
let runs = 0
let unwatch: (() => LoopDelay) | undefined

const { handler, protection, roundTrips } = await open(spec, () => runs++)
const server = await servers[spec.framework](handler, protection)
// Connections are kept for the whole run, and each waits while others are measured.
server.keepAliveTimeout = 3_600_000
server.headersTimeout = 0
server.requestTimeout = 0
server.listen(0, '127.0.0.1', () => answerParent({ port: (server.address() as AddressInfo).port }, answer))

function answer(question: string): Usage | LoopDelay | undefined {
  if (question === 'usage') return usage()
  if (question === 'watch') {
    unwatch = watchEventLoop()
    return undefined
  }
  return unwatch?.()
}

function usage(): Usage {
  const { user, system } = process.cpuUsage()
  return { cpuUs: user + system, runs, roundTrips: roundTrips?.() ?? 0 }
}
