import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { errorCodes, problemKinds } from './catalogue.ts'
import type { ErrorCode, ProblemCode } from './catalogue.ts'
import { HoldfastError, isHoldfastError } from './errors.ts'
import { createProblem, problem } from './problem.ts'

const folder = new URL('../../../../docs/errors/', import.meta.url)
const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8')
const codes = Object.keys(problemKinds) as ProblemCode[]

describe('the pages about problems', () => {
  it('are one for each code, and no others', () => {
    const pages = readdirSync(folder).filter((name) => name !== 'README.md')
    expect(pages.toSorted()).toEqual(codes.map((code) => `${code}.md`).toSorted())
  })

  it.each(codes)('say what happened, what to do, and show the problem as it is answered: %s', (code) => {
    const { status, title, retryable } = problemKinds[code]
    const page = read(`${code}.md`)
    expect(page.startsWith(`# ${code}\n`)).toBe(true)
    expect(page).toContain(
      `${title}. Status ${status}. ${retryable ? 'The same call may succeed later' : 'Repeating the same call will not help'}`,
    )
    for (const heading of ['## What happened', '## What to do', '## Example']) expect(page).toContain(heading)
    const example = JSON.parse(/```http[\s\S]*?\n\n([\s\S]*?)```/.exec(page)?.[1] ?? '') as Record<string, unknown>
    const { detail: _detail, ...answered } = JSON.parse(problem(code).body as string) as Record<string, unknown>
    expect(example).toMatchObject(answered)
    expect(page).toContain(`HTTP/1.1 ${status} `)
  })

  it('are all listed, with status and whether a repeat makes sense', () => {
    const index = read('README.md')
    for (const code of codes) {
      const { status, title, retryable } = problemKinds[code]
      expect(index).toContain(`| [${code}](${code}.md) | ${status} | ${retryable ? 'later' : 'no'} | ${title} |`)
    }
  })
})

describe('the codes of thrown errors', () => {
  it('are listed with what they mean, and no others are', () => {
    const listed = [
      ...(read('README.md')
        .split('## Errors that are thrown')[1]
        ?.matchAll(/^\| `([a-z-]+)` \| (.*?) \|/gm) ?? []),
    ].map(([, code, when]) => [code, when])
    expect(Object.fromEntries(listed)).toEqual(errorCodes)
  })

  it('are told from other errors, across two copies of the package', () => {
    for (const code of Object.keys(errorCodes) as ErrorCode[]) expect(isHoldfastError(new HoldfastError(code, 'message'))).toBe(true)
    for (const value of [new Error('retryable'), { code: 'retryable' }, null, undefined, 'retryable'])
      expect(isHoldfastError(value)).toBe(false)
  })
})

describe('a problem reply', () => {
  it.each(codes)('has the members of RFC 9457 and those of its own: %s', (code) => {
    const reply = problem(code)
    const body = JSON.parse(reply.body as string) as Record<string, unknown>
    expect(reply.status).toBe(problemKinds[code].status)
    expect(reply.headers.get('content-type')).toBe('application/problem+json')
    expect(body).toMatchObject({ status: reply.status, code, title: problemKinds[code].title })
    expect([typeof body['type'], typeof body['detail'], typeof body['retryable']]).toEqual(['string', 'string', 'boolean'])
    expect(() => new URL(body['type'] as string, 'https://api.example')).not.toThrow()
  })

  it('says when to come back in body and header, in whole seconds, at least one', () => {
    for (const [retryAfterMs, seconds] of [
      [1, '1'],
      [1_000, '1'],
      [1_001, '2'],
      [60_000, '60'],
    ] as const) {
      const reply = problem('in-progress', { retryAfterMs })
      expect(reply.headers.get('retry-after')).toBe(seconds)
      expect(JSON.parse(reply.body as string)).toMatchObject({ retryAfterMs })
    }
    expect(problem('in-progress').headers.has('retry-after')).toBe(false)
  })

  it("points to pages of one's own where told", () => {
    expect(JSON.parse(createProblem('https://docs.example/errors/')('key-missing').body as string)).toMatchObject({
      type: 'https://docs.example/errors/key-missing',
    })
  })
})
