import { startProcess } from '../../harness/server-process.ts'
import type { StartOptions } from '../../harness/server-process.ts'
import { remoteLimiters } from './clock-spec.ts'
import type { ClockSpec } from './clock-spec.ts'
import type { Finding } from './finding.ts'

const behindMs = [0, 10_000, 20_000, 30_000]

/** 10 in 10 s on one Redis, asked for at once by four app servers whose clocks are 10 s apart. */
export async function disagreeAboutTime(url: string, options: StartOptions): Promise<Finding[]> {
  const file = new URL('clock-process.ts', import.meta.url)
  const servers = await Promise.all(
    behindMs.map((behind) => startProcess(file, { url, aheadMs: -behind, calls: 20 } satisfies ClockSpec, options)),
  )
  try {
    const findings: Finding[] = []
    for (const limiter of remoteLimiters) {
      const admitted = (await Promise.all(servers.map((server) => server.ask({ ask: limiter })))) as number[]
      const total = admitted.reduce((sum, count) => sum + count, 0)
      findings.push({
        attack: '10 in 10 s, four app servers with clocks 0, 10, 20, 30 s behind, 80 calls',
        limiter,
        bound: '<= 10',
        seen: `${total} (${admitted.join(' + ')})`,
        isKept: total <= 10,
      })
    }
    return findings
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
}
