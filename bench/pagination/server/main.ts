// A server of one long list, exported as NDJSON, in a process of its own
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { Readable, pipeline } from 'node:stream'
import { defineApi, pageOf } from 'holdfast'
import { memory } from 'holdfast/memory'
import { holdfast } from 'holdfast/node'
import { ndjson, ndjsonType, sqlList } from 'holdfast/pagination'
import { answerParent, specOf } from '../../harness/answer-parent.ts'
import { entriesToExport } from './spec.ts'
import type { ServerSpec, Usage } from './spec.ts'

const { database: file, rows } = specOf<ServerSpec>()

const database = new DatabaseSync(file)
database.exec(
  'PRAGMA synchronous = OFF; CREATE TABLE entries (seq INTEGER PRIMARY KEY, wallet TEXT, transfer TEXT, delta INTEGER, created_at INTEGER)',
)
database.exec(`WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${rows})
  INSERT INTO entries SELECT n, 'wal_01k2m3n4p5q6r7s8t9v0w1x2y3', printf('trf_%026d', n), n % 1000 - 500, 1780272000000000 + n * 7 FROM n`)

const entries = sqlList(entriesToExport, { dialect: 'sqlite' })
const reader = entries.reader({ text: 'SELECT * FROM entries', values: [] }, (text, values) =>
  database.prepare(text).all(...(values as string[])),
)
const api = defineApi({ store: memory(), singleTenant: true, routes: { 'GET /entries': { page: entriesToExport } } })
let batches = 0

const server = createServer(
  holdfast(api, (_request, response) => {
    const lines = ndjson(pageOf(), reader, { beforeBatch: () => void (batches += 1) })
    response.writeHead(200, { 'content-type': ndjsonType })
    pipeline(Readable.from(lines), response, () => {})
  }),
)
server.listen(0, '127.0.0.1', () => answerParent({ port: (server.address() as AddressInfo).port }, usage))

function usage(): Usage {
  return { rssBytes: process.memoryUsage.rss(), batches }
}
