// Real calls of the packed client, on whichever runtime runs this: RUNTIME calls.mjs NAME ORIGIN CLOSED_PORT
import process from 'node:process'
import { createFetch, isOutcomeUnknown, items, meta, update } from 'holdfast/client'

const [name, origin, closedPort] = process.argv.slice(2)
const at = (path) => `${origin}/${name}/${path}`
const post = { method: 'POST', body: JSON.stringify({ amount: 5 }), headers: { 'content-type': 'application/json' } }

/** Each gives what was seen; it must be what is expected. */
const checks = [
  {
    title: 'a GET that is answered 503 is sent again',
    expected: { status: 200, attempts: 2, body: { fine: true } },
    async run() {
      const response = await createFetch()(at('flaky'))
      return { status: response.status, attempts: meta(response).attempts, body: await response.json() }
    },
  },
  {
    title: 'a POST whose answer was lost has one effect, and its answer is replayed',
    expected: { status: 201, isReplayed: true, isKeyed: true, effects: 1 },
    async run() {
      const response = await createFetch()(at('transfers'), post)
      const { replayed, key } = meta(response)
      await response.text()
      const { effects } = await (await fetch(at('effects'))).json()
      return { status: response.status, isReplayed: replayed, isKeyed: typeof key === 'string', effects }
    },
  },
  {
    title: 'a POST to a closed port was not sent, so it is tried again without a key, and its outcome is known',
    expected: { attempts: 3, isUnknown: false },
    async run() {
      const error = await createFetch()(`http://127.0.0.1:${closedPort}/`, { ...post, holdfast: { key: false } }).catch((reason) => reason)
      return { attempts: meta(error).attempts, isUnknown: isOutcomeUnknown(error) }
    },
  },
  {
    title: 'items walks all pages',
    expected: ['t0', 't1', 't2', 't3', 't4', 't5'],
    async run() {
      const found = []
      for await (const { id } of items(createFetch(), at('things'))) found.push(id)
      return found
    },
  },
  {
    title: 'update applies its change to what somebody else wrote meanwhile',
    expected: { balance: 70, nickname: 'new' },
    run: async () => (await update(createFetch(), at('wallet'), (wallet) => ({ ...wallet, nickname: 'new' }))).value,
  },
  {
    title: 'an abort ends a call that waits, with its reason',
    expected: 'enough',
    async run() {
      const controller = new AbortController()
      setTimeout(() => controller.abort(new Error('enough')), 100)
      return createFetch()(at('busy'), { signal: controller.signal }).then(
        () => 'answered',
        (reason) => reason.message,
      )
    },
  },
]

let failures = 0
for (const { title, expected, run } of checks) {
  const seen = await run().catch((error) => String(error?.stack ?? error))
  const isFine = JSON.stringify(seen) === JSON.stringify(expected)
  if (!isFine) failures += 1
  console.log(
    isFine
      ? `  ok      ${title}`
      : `  FAILED  ${title}\n          expected ${JSON.stringify(expected)}\n          got      ${JSON.stringify(seen)}`,
  )
}
process.exit(failures === 0 ? 0 : 1)
