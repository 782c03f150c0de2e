import { describe, expect, it } from 'vitest'
import { createCall, toFields } from '../core/index.ts'
import { jsonPatch } from './json-patch/index.ts'
import { mergePatch } from './merge-patch.ts'
import { readPatch } from './patch.ts'
import type { PatchOptions } from './patch.ts'

const patchCall = (type: string | undefined, body: string | Uint8Array) =>
  createCall({
    method: 'PATCH',
    url: '/notes/1',
    headers: toFields({ ...(type !== undefined && { 'content-type': type }) }),
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
  })

const read = async (
  type: string | undefined,
  body: string | Uint8Array,
  document: unknown = {},
  options: PatchOptions = { formats: [mergePatch, jsonPatch] },
) => {
  const patch = await readPatch(patchCall(type, body), options)
  const outcome = 'refusal' in patch ? patch : patch.apply(document)
  if ('document' in outcome) return outcome.document
  const { status, headers, body: problem } = outcome.refusal
  return [status, (JSON.parse(problem as string) as { code: string }).code, headers.get('accept-patch')]
}

const [merge, operations] = ['application/merge-patch+json', 'application/json-patch+json']

describe('the patch of a call', () => {
  it('is applied as its media type says, parameters aside', async () => {
    expect(await read(merge, '{"a":null,"b":2}', { a: 1 })).toEqual({ b: 2 })
    expect(await read('Application/Merge-Patch+JSON; charset=utf-8', '{"a":2}', { a: 1 })).toEqual({ a: 2 })
    expect(await read(operations, '[{"op":"replace","path":"/a","value":2}]', { a: 1 })).toEqual({ a: 2 })
  })

  it('of another type is refused with those that are taken', async () => {
    for (const type of ['application/json', 'text/plain', '', undefined])
      expect(await read(type, '{}')).toEqual([415, 'patch-type-unsupported', `${merge}, ${operations}`])
    expect(await read(operations, '[]', {}, {})).toEqual([415, 'patch-type-unsupported', merge])
  })

  it('is refused when it is no JSON, or too long', async () => {
    for (const body of ['', '{', '{"a":1}}', Uint8Array.of(0x22, 0xff, 0x22)])
      expect(await read(merge, body)).toEqual([400, 'patch-invalid', null])
    expect(await read(merge, `{"a":"${'x'.repeat(100)}"}`, {}, { maxBytes: 50 })).toEqual([413, 'body-too-large', null])
  })

  it('is refused when a test fails, or it does not fit [C29]', async () => {
    expect(await read(operations, '[{"op":"test","path":"/a","value":2}]', { a: 1 })).toEqual([409, 'patch-test-failed', null])
    expect(await read(operations, '[{"op":"remove","path":"/b"}]', { a: 1 })).toEqual([409, 'patch-inapplicable', null])
  })
})
