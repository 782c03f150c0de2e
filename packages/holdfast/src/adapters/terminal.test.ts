import { describe, expect, it } from 'vitest'
import { createCall } from '../core/call.ts'
import type { Call } from '../core/call.ts'
import { toFields } from '../core/fields.ts'
import { createReply } from '../core/reply.ts'
import { Terminal } from './terminal.ts'

const call = createCall({ method: 'GET', url: '/', headers: toFields() })
const reply = createReply(200)

describe('a terminal', () => {
  it('runs the handler when next is called, or at once when it was', () => {
    const seen: [string, Call][] = []
    const [before, after] = [new Terminal(), new Terminal()]
    void before.next(call)
    before.begin((given) => seen.push(['before', given]))
    after.begin((given) => seen.push(['after', given]))
    void after.next(call)
    expect(seen).toEqual([
      ['before', call],
      ['after', call],
    ])
  })

  it('knows whether anyone waits for its reply', () => {
    const terminal = new Terminal()
    expect([terminal.next(call) === terminal, terminal.isObserved]).toEqual([true, false])
    void terminal.finally(() => {})
    expect(terminal.isObserved).toBe(true)
  })

  it('gives its reply to all who wait, before and after it is there', async () => {
    const terminal = new Terminal()
    const early = terminal.then((given) => given)
    terminal.resolve(reply)
    expect([await early, await terminal, await Promise.all([terminal, terminal])]).toEqual([reply, reply, [reply, reply]])
  })

  it('rejects for all who wait, and for no one else', async () => {
    const [watched, unwatched] = [new Terminal(), new Terminal()]
    const caught = watched.catch((error: unknown) => error)
    const boom = new Error('boom')
    watched.reject(boom)
    unwatched.reject(boom)
    expect(await caught).toBe(boom)
    await expect(watched).rejects.toThrow('boom')
  })

  it('refuses a second call, and a call that comes too late', async () => {
    const terminal = new Terminal()
    void terminal.next(call)
    await expect(terminal.next(call)).rejects.toThrow('twice')
    terminal.close()
    await expect(terminal.next(call)).rejects.toThrow('after the policy had answered')
  })

  it('asks the run when someone looks after all', async () => {
    const terminal = new Terminal()
    void terminal.next(call)
    terminal.runBare({ sent: async () => reply })
    expect(await terminal).toBe(reply)
  })
})
