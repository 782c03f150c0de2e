// Run by cost.test.ts in a process of its own: what Vitest makes of a module runs slower than the module, and not all of it alike.
import { rewriteJson } from '../../../src/versioning/json/rewrite.ts'
import { longChain } from './long-chain.ts'

const { versions, list } = longChain(100)
const plan = versions.plan(versions.list[0]?.id ?? '')
const down = plan?.routes.get('GET /items')?.response(200, 'application/json')
const silent = { fired: () => {} }

const subjects = {
  translated: () => rewriteJson(list, down ?? {}, silent),
  reference: () => JSON.stringify(JSON.parse(list)),
  empty: () => plan?.routes.get('GET /plain')?.response(200, 'application/json'),
}

/** The least of many times, in microseconds: what is above it is other work on the machine. Interleaved, so that all meet the same machine. */
const best = { translated: Infinity, reference: Infinity, empty: Infinity }
for (let round = 0; round < 2_500; round++) {
  for (const name of ['translated', 'reference', 'empty'] as const) {
    const start = performance.now()
    subjects[name]()
    if (round > 500) best[name] = Math.min(best[name], (performance.now() - start) * 1000)
  }
}
const [first] = (JSON.parse(subjects.translated()) as { data: object[] }).data
console.log(
  JSON.stringify({ ...best, isPlanned: down !== undefined, isEmpty: subjects.empty() === undefined, members: Object.keys(first ?? {}) }),
)
