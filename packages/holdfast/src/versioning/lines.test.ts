import { expect, it } from 'vitest'
import { rewriteLines } from './lines.ts'

const lines = rewriteLines({ steps: [{ change: 0, run: (object) => object.set('added', '1') }] }, { fired: () => {} }, 1_000)
const rewrite = (text: string): string => new TextDecoder().decode(lines.chunk(new TextEncoder().encode(text)))

it('translates an item whose first member begins with an underscore', () => {
  expect(rewrite('{"_id":7}\n')).toBe('{"_id":7,"added":1}\n')
})

it.each(['{"_cursor":"c"}\n', '{"_end":true,"count":1}\n', ' { "_error":{}}\n', '\n'])('leaves a control line alone: %j', (line) => {
  expect(rewrite(line)).toBe(line)
})
