import { createCall, createReply, toFields } from '../../src/core/index.ts'
import type { Call, Reply } from '../../src/core/index.ts'
import { expectationOf } from '../../src/concurrency/index.ts'
import type { Expectation, PreconditionRules } from '../../src/concurrency/index.ts'
import { preconditions } from '../../src/concurrency/index.ts'

/** What came of a write under a guard: the status a caller would get, and what the write itself gave. */
export interface Outcome<T> {
  readonly status: number
  readonly reply: Reply
  readonly result: T | undefined
}

/** Runs a write as the handler of a guarded route: 200 for a result, 404 for none, and what the guard makes of it. */
export async function guarded<T>(
  headers: Readonly<Record<string, string>>,
  write: (expected: Expectation, call: Call) => Promise<T | undefined> | T | undefined,
  { method = 'PATCH', rules = {} }: { readonly method?: string; readonly rules?: Partial<PreconditionRules> } = {},
): Promise<Outcome<T>> {
  const call = createCall({ method, url: '/things/1', headers: toFields(headers), body: new TextEncoder().encode('{}') })
  let result: T | undefined
  const reply = await preconditions({ rule: 'optional', tagsInBody: true, ...rules })(call, async (asked) => {
    result = await write(expectationOf(asked), asked)
    return createReply(result === undefined ? 404 : 200)
  })
  return { status: reply.status, reply, result }
}
