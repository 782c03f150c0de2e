import { memory } from 'holdfast/memory'
import { compileLimit } from 'holdfast/rate-limit'
const meter = compileLimit({ name: 'a', limit: 1, windowSeconds: 60, burst: 100000000 }).meterAt(0)
function bench(name: string, n: number, f: (key: string) => unknown, keys: string[], ops = 1_000_000) {
  for (const k of keys) f(k)
  const best: number[] = []
  for (let r = 0; r < 5; r++) {
    const t = process.cpuUsage()
    let j = 0
    for (let i = 0; i < ops; i++) {
      f(keys[j]!)
      j += 7919
      if (j >= n) j %= n
    }
    const u = process.cpuUsage(t)
    best.push(((u.user + u.system) * 1e3) / ops)
  }
  console.log(name, n, 'keys', best.map((b) => b.toFixed(0)).join(' '), 'ns')
  return Math.min(...best)
}
for (const n of (process.env.KEYS ?? '1,10000,1000000').split(',').map(Number)) {
  const keys = Array.from({ length: n }, (_, i) => `account:${i}`)
  const map = new Map<string, { level: number; at: number }>()
  const bare = bench(
    'bare Map',
    n,
    (k) => {
      const now = Date.now()
      const e = map.get(k)
      if (e === undefined) {
        map.set(k, { level: 1, at: now })
        return true
      }
      const l = Math.max(0, e.level - (now - e.at) * 1000)
      if (l + 1 > 1e6) return false
      e.level = l + 1
      e.at = now
      return true
    },
    keys,
  )
  const store = memory({ maxLimitKeys: 2_000_000 }).limits
  const ours = bench('memory.take', n, (k) => store.take([{ owner: k, counter: 'a', meter, cost: 1, shadow: false }]), keys)
  console.log('ratio', (ours / bare).toFixed(2))
}
