import { AsyncLocalStorage } from 'node:async_hooks'
import type { RequestListener } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Socket } from 'node:net'
import { targetOf } from 'holdfast'
import type { Call, Policy } from 'holdfast'
import type { Handler } from '../http.ts'
import { createMatcher } from '../matcher.ts'
import { refuse } from '../refusals.ts'

/** What can go wrong. */
export const faultKinds = ['crash-before-commit', 'crash-after-commit', 'drop-response', 'delay', 'throw-after-effect', 'http-503'] as const

/** A misfortune for the next `times` calls of a method and path. */
export interface Fault {
  readonly method: string
  /** As called, or as declared: `/transfers/:id/reverse`. */
  readonly path: string
  readonly kind: (typeof faultKinds)[number]
  readonly times: number
  /** Of `delay`: before the handler, but in its transaction, which SQLite gives five seconds. */
  readonly ms: number
}

/** Brings about what `POST /_test/fault` asked for. */
export interface Faults {
  add(fault: Fault): void
  clear(): void
  /** Goes round a handler: its end is before the commit. */
  around(handler: Handler): Handler
  /** Goes round Holdfast: what it sees is committed. */
  readonly policy: Policy
  /** Goes round the server's listener, to know the connection of a call. */
  readonly listening: (listener: RequestListener) => RequestListener
}

/** Makes a set of faults, empty at first. */
export function createFaults(): Faults {
  let pending: { fault: Fault; left: number; matches: (call: Call) => boolean }[] = []
  const sockets = new AsyncLocalStorage<Socket>()

  function meets(kind: Fault['kind'], call: Call): Fault | undefined {
    const met = pending.find(({ fault, left, matches }) => fault.kind === kind && left > 0 && matches(call))
    if (met !== undefined) met.left -= 1
    return met?.fault
  }

  return {
    add: (fault) => void pending.push({ fault, left: fault.times, matches: matcherOf(fault) }),
    clear: () => void (pending = []),
    around: (handler) => async (call, params, body) => {
      const delay = meets('delay', call)
      if (delay !== undefined) await sleep(delay.ms)
      const reply = await handler(call, params, body)
      if (meets('crash-before-commit', call)) await crash()
      if (meets('throw-after-effect', call)) throw new Error('the fault throw-after-effect')
      return reply
    },
    async policy(call, next) {
      if (meets('http-503', call)) return refuse('not-ready', 'The fault http-503.')
      const reply = await next(call)
      if (meets('crash-after-commit', call)) await crash()
      if (meets('drop-response', call)) sockets.getStore()?.destroy()
      return reply
    },
    listening: (listener) => (request, response) => sockets.run(request.socket, listener, request, response),
  }
}

function matcherOf({ method, path }: Fault): (call: Call) => boolean {
  const match = createMatcher([`${method} ${path}`])
  return (call) => match(call.method, targetOf(call.url).path) !== undefined
}

/** Ends the process as a power cut would: nothing that is buffered gets out. */
function crash(): Promise<never> {
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => undefined)
}
