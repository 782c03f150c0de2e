// A server that answers at once, in a process of its own
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerParent } from '../../harness/answer-parent.ts'

const text = JSON.stringify({
  id: '0197f3e0-7a6b-7c1d-9a3e-2b4c6d8e0f12',
  from: 'w1',
  to: 'w2',
  amount: 1250,
  currency: 'EUR',
  state: 'done',
})

const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    response.writeHead(request.method === 'POST' ? 201 : 200, { 'content-type': 'application/json', 'content-length': text.length })
    response.end(text)
  })
})
server.keepAliveTimeout = 3_600_000
server.headersTimeout = 0
server.requestTimeout = 0
server.listen(0, '127.0.0.1', () => answerParent({ port: (server.address() as AddressInfo).port }, () => undefined))
