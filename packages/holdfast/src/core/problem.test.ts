import { describe, expect, it } from 'vitest'
import { problemKinds } from './catalogue.ts'
import type { ProblemCode } from './catalogue.ts'
import { createProblem, problem, problemBase } from './problem.ts'
import type { Reply } from './reply.ts'

const parsed = ({ body }: Reply): Record<string, unknown> => JSON.parse(body as string) as Record<string, unknown>

describe('problem', () => {
  it.each(Object.keys(problemKinds) as ProblemCode[])('builds %s with status, page, advice and whether to retry', (code) => {
    const reply = problem(code)
    const { status, title, retryable, advice, type } = problemKinds[code]
    expect([reply.status, reply.headers.get('content-type'), reply.headers.get('cache-control')]).toEqual([
      status,
      'application/problem+json',
      'no-store',
    ])
    const page = `${problemBase}${code}`
    expect(parsed(reply)).toEqual({
      ...(type === undefined ? { type: page } : { type, help: page }),
      title,
      status,
      detail: advice,
      code,
      retryable,
    })
  })

  it.each([
    [0, '1'],
    [1, '1'],
    [1000, '1'],
    [1001, '2'],
    [59_400, '60'],
  ])('says when to come back: %i ms as Retry-After %s', (retryAfterMs, header) => {
    const reply = problem('in-progress', { retryAfterMs })
    expect([reply.headers.get('retry-after'), parsed(reply)['retryAfterMs']]).toEqual([header, retryAfterMs])
  })

  it('takes details, further members and fields', () => {
    const reply = problem('key-reused', { detail: 'seen before', retryable: true, members: { hint: 1 }, headers: { 'x-a': '1' } })
    expect([parsed(reply)['detail'], parsed(reply)['retryable'], parsed(reply)['hint'], reply.headers.get('x-a')]).toEqual([
      'seen before',
      true,
      1,
      '1',
    ])
  })

  it('leads to the pages of its owner', () => {
    expect(parsed(createProblem('https://docs.example/errors/')('key-missing'))['type']).toBe('https://docs.example/errors/key-missing')
  })
})
