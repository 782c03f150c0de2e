import { describe, expect, it } from 'vitest'
import { isHoldfastError } from '../../core/errors.ts'
import { bodyIncomplete } from '../../core/errors.ts'
import { HeldBody } from './held-body.ts'

const text = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString()
const codeOf = (error: unknown): unknown => isHoldfastError(error) && error.code

describe('a held body', () => {
  it('asks the framework to wait at its high-water mark, but not under a capture', () => {
    const body = new HeldBody(4, () => {})
    expect([body.push('abc', undefined, undefined), body.push('d', undefined, undefined), body.owesDrain]).toEqual([true, false, true])
    const captured = new HeldBody(4, () => {})
    void captured.capture(100)
    expect([captured.push('abcdefgh', undefined, undefined), captured.owesDrain]).toEqual([true, false])
  })

  it('serves several captures, each by its own limit', async () => {
    const body = new HeldBody(1000, () => {})
    const captures = [body.capture(2), body.capture(5), body.capture(4)]
    body.push('hel', undefined, undefined)
    body.push(Buffer.from('lo'), undefined, undefined)
    body.end()
    expect((await Promise.all(captures)).map(text)).toEqual([undefined, 'hello', undefined])
    expect([text(await body.capture(5)), await body.capture(4)]).toEqual(['hello', undefined])
  })

  it('decodes strings by their encoding', async () => {
    const body = new HeldBody(1000, () => {})
    body.push('aGk=', 'base64', undefined)
    body.push('é', 'latin1', undefined)
    body.end()
    expect([...((await body.capture(3)) ?? [])]).toEqual([104, 105, 0xe9])
  })

  it('rejects captures when it breaks, unless it was whole', async () => {
    const body = new HeldBody(1000, () => {})
    const waiting = body.capture(10).catch(codeOf)
    body.break(bodyIncomplete())
    expect([await waiting, await body.capture(10).catch(codeOf)]).toEqual(['body-incomplete', 'body-incomplete'])
    const whole = new HeldBody(1000, () => {})
    whole.end()
    whole.break(bodyIncomplete())
    expect(await whole.capture(10)).toHaveLength(0)
  })

  it('cannot be captured once it was let go', async () => {
    const body = new HeldBody(1000, () => {})
    body.push('hello', undefined, undefined)
    const waiting = body.capture(10)
    expect(body.take().map(({ chunk }) => chunk)).toEqual(['hello'])
    expect([await waiting, await body.capture(10).catch(codeOf)]).toEqual([undefined, 'body-incomplete'])
  })
})
