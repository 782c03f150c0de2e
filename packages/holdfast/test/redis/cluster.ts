import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { startRedis } from '../../../../test/servers/index.ts'
import type { RunningServer } from '../../../../test/servers/index.ts'

/** A Redis Cluster of three primaries without replicas. */
export interface RunningCluster {
  readonly nodes: readonly RunningServer[]
  stop(): Promise<void>
}

const slots = 16_384
const startLimitMs = 20_000

/** Starts three servers and makes them one cluster. */
export async function startCluster(): Promise<RunningCluster> {
  const settings = { 'cluster-enabled': 'yes', 'cluster-node-timeout': '2000' }
  const nodes = await Promise.all([0, 1, 2].map(() => startRedis({ settings })))
  const stop = async (): Promise<void> => void (await Promise.all(nodes.map((node) => node.stop())))
  const clients = nodes.map((node) => new Redis(node.url))
  try {
    const ports = nodes.map(({ port }) => String(port))
    for (const [index, client] of clients.entries()) {
      const first = Math.ceil((index * slots) / clients.length)
      const last = Math.ceil(((index + 1) * slots) / clients.length) - 1
      await client.cluster('ADDSLOTSRANGE', first, last)
      // Nodes with the same epoch would have to fight it out after they met.
      await client.call('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1))
    }
    for (const port of ports.slice(1)) await clients[0]?.call('CLUSTER', 'MEET', '127.0.0.1', port)
    await allAgree(clients)
  } catch (error) {
    await stop()
    throw error
  } finally {
    for (const client of clients) client.disconnect()
  }
  return { nodes, stop }
}

async function allAgree(clients: readonly Redis[]): Promise<void> {
  const deadline = Date.now() + startLimitMs
  for (;;) {
    const infos = await Promise.all(clients.map((client) => client.cluster('INFO')))
    if (infos.every((info) => info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${clients.length}`))) return
    if (Date.now() > deadline) throw new Error(`the cluster did not come up:\n${infos.join('\n')}`)
    await sleep(50)
  }
}
