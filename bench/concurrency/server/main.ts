// One server to measure, in a process of its own
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { defineApi, etagOf, stack, withHeaders } from 'holdfast'
import type { Policy } from 'holdfast'
import { memory } from 'holdfast/memory'
import { holdfast } from 'holdfast/node'
import { answerParent, specOf } from '../../harness/answer-parent.ts'
import { openCounter } from './counter.ts'
import type { Around, ServerSpec, Usage } from './spec.ts'

const spec = specOf<ServerSpec>()

const field: Policy = async (call, next) => withHeaders(await next(call), { 'x-one': 'field' })

/** A handler that does next to nothing, so that what goes round it is seen. */
function openPlain(around: Around): { readonly listener: RequestListener; readonly counter: () => Promise<number> } {
  const rules = around === 'preconditions' ? ({ precondition: 'optional' } as const) : {}
  const api = defineApi({ store: memory(), singleTenant: true, routes: { 'GET /thing': rules, 'PATCH /thing': rules } })
  const text = '{"name":"thing"}'
  const handle: RequestListener = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', etag: etagOf(41), 'content-length': text.length }).end(text)
  }
  const policy = around === 'field' ? stack(field, api.policy) : api.policy
  return { listener: holdfast(policy, handle), counter: async () => 0 }
}

const { listener, counter } = spec.kind === 'counter' ? await openCounter(spec.database, spec.write) : openPlain(spec.around)
const server = createServer(listener)
server.keepAliveTimeout = 3_600_000
server.headersTimeout = 0
server.requestTimeout = 0
server.listen(0, '127.0.0.1', () => answerParent({ port: (server.address() as AddressInfo).port }, usage))

async function usage(): Promise<Usage> {
  const { user, system } = process.cpuUsage()
  return { cpuUs: user + system, counter: await counter() }
}
