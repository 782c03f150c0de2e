// The server of the smoke test: the packed library on Node, with faults in front
import { createServer } from 'node:http'
import { defineApi } from 'holdfast'
import { memory } from 'holdfast/memory'
import { holdfast } from 'holdfast/node'

/** What each runtime has done so far; a path begins with its name. */
const runs = new Map()

const api = defineApi({
  store: memory(),
  singleTenant: true,
  routes: { 'POST /:run/transfers': { idempotency: { guarantee: 'at-most-once', key: 'optional' } } },
})

const answerTransfer = holdfast(api, (request, response) => {
  runOf(request.url).effects += 1
  send(response, 201, { id: 'transfer' })
})

const handlers = {
  'GET flaky': (_request, response, run) => (run.flaky++ === 0 ? send(response, 503, {}) : send(response, 200, { fine: true })),
  'GET busy': (_request, response) => send(response, 503, {}, { 'retry-after': '20' }),
  'POST transfers'(request, response, run) {
    // The first answer is lost behind its effect.
    if (run.transfers++ === 0) swallow(response, () => request.socket.resetAndDestroy())
    answerTransfer(request, response)
  },
  'GET effects': (_request, response, run) => send(response, 200, { effects: run.effects, requests: run.transfers }),
  'GET things'(request, response) {
    const page = Number(new URL(request.url, 'http://x').searchParams.get('cursor') ?? 0)
    send(response, 200, { items: [{ id: `t${2 * page}` }, { id: `t${2 * page + 1}` }], next_cursor: page < 2 ? String(page + 1) : null })
  },
  'GET wallet': (_request, response, run) => send(response, 200, run.wallet, { etag: tagOf(run) }),
  async 'PATCH wallet'(request, response, run) {
    let text = ''
    for await (const chunk of request) text += chunk
    // Somebody else writes first, once.
    if (run.version === 1) Object.assign(run, { version: 2, wallet: { ...run.wallet, balance: 70 } })
    if (request.headers['if-match'] !== tagOf(run)) return send(response, 412, {})
    Object.assign(run, { version: run.version + 1, wallet: { ...run.wallet, ...JSON.parse(text) } })
    send(response, 200, run.wallet, { etag: tagOf(run) })
  },
}

function runOf(url) {
  const name = url.split('/')[1]
  let run = runs.get(name)
  if (run === undefined)
    runs.set(name, (run = { flaky: 0, transfers: 0, effects: 0, version: 1, wallet: { balance: 50, nickname: 'old' } }))
  return run
}

const tagOf = ({ version }) => `"v${version}"`

function send(response, status, value, fields = {}) {
  const text = JSON.stringify(value)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': text.length, ...fields }).end(text)
}

function swallow(response, act) {
  Object.assign(response, { writeHead: () => response, write: () => true, flushHeaders: () => {}, end: () => (act(), response) })
}

const closed = createServer()
const server = createServer((request, response) => {
  const handler = handlers[`${request.method} ${request.url.split('/')[2]?.split('?')[0]}`]
  if (handler === undefined) send(response, 404, {})
  else void handler(request, response, runOf(request.url))
})
closed.listen(0, '127.0.0.1', () => {
  const { port } = closed.address()
  // Nothing listens there any more.
  closed.close(() => server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port, closedPort: port })))
})
process.on('disconnect', () => process.exit(0))
