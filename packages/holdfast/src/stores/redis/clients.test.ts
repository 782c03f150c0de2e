import { describe, expect, it } from 'vitest'
import { fromNodeRedis, fromNodeRedisCluster } from './clients.ts'
import type { NodeRedisOptions } from './clients.ts'

describe('commands through node-redis', () => {
  const sent: unknown[][] = []
  const send = (...all: unknown[]): Promise<string> => {
    sent.push(all)
    return Promise.resolve('OK')
  }
  const options: NodeRedisOptions = { typeMapping: { 36: Buffer }, timeout: 0 }

  it('ask for bytes, and for no time limit of its own', async () => {
    sent.length = 0
    await fromNodeRedis({ sendCommand: send })('SET', 'a', 'b')
    await fromNodeRedis({ sendCommand: send, isReady: true })('SET', 'a', 'b')
    await fromNodeRedisCluster({ sendCommand: send })('EVALSHA', 'digest', '1', 'key')
    expect(sent).toEqual([
      [['SET', 'a', 'b'], options],
      [['SET', 'a', 'b'], options],
      ['key', false, ['EVALSHA', 'digest', '1', 'key'], options],
    ])
  })

  it('are not left in its queue while it is not connected', async () => {
    sent.length = 0
    const client = { sendCommand: send, isReady: false }
    const command = fromNodeRedis(client)
    await expect(command('SET', 'a', 'b')).rejects.toThrow('not connected')
    client.isReady = true
    expect([await command('SET', 'a', 'b'), sent.length]).toEqual(['OK', 1])
  })
})
