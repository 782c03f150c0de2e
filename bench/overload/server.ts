// A server that serves 50 calls at once, each in some 250 ms, with or without shedding
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { holdfast } from 'holdfast/node'
import { shedding } from 'holdfast/shedding'
import { answerParent, specOf } from '../harness/answer-parent.ts'

/** What a server is started with. */
export interface ServerSpec {
  readonly sheds: boolean
}

const places = 50
const line: (() => void)[] = []
let busy = 0

function begin(): void {
  const start = busy < places ? line.shift() : undefined
  if (start === undefined) return
  busy += 1
  start()
}

const server = createServer(
  holdfast(specOf<ServerSpec>().sheds ? shedding() : (call, next) => next(call), (_request, response) => {
    line.push(() => {
      setTimeout(
        () => {
          busy -= 1
          response.end('done')
          begin()
        },
        200 + 100 * Math.random(),
      )
    })
    begin()
  }),
)
server.keepAliveTimeout = 3_600_000
server.listen(0, '127.0.0.1', () => answerParent({ port: (server.address() as AddressInfo).port }, () => undefined))
