import { describe, expect, it } from 'vitest'
import { pasted } from '../../../test/support/run.ts'
import { embeddedJson, escapeHtml } from './escape.ts'
import { policyBlock } from './policy-block.ts'
import { table } from './table.ts'

describe('the policy block', () => {
  const limit = { name: 'sustained', limit: 10, windowSeconds: 60, burst: 26 }

  it('is what defineApi takes', () => {
    expect(policyBlock([limit], false)).toBe("limits: [\n  { name: 'sustained', limit: 10, windowSeconds: 60, burst: 26 },\n],\n")
    expect(policyBlock([limit], true)).toContain('burst: 26, shadow: true }')
    expect(policyBlock([], false)).toBe('')
  })

  it('stays inside its quotes, whatever the plans of a log are called', () => {
    const plans = { "'] }, evil(), [": { limit: 1 }, 'caf\u00e9\u202e\u001b[2J': { limit: 2 } }
    const block = policyBlock([{ ...limit, plans }], false)
    expect(block).toMatch(/^[\x20-\x7e\n]*$/)
    expect(pasted(block).limits[0]?.plans).toEqual(plans)
  })
})

describe('text of a log inside HTML', () => {
  it('cannot end an element, an attribute or a script', () => {
    expect(escapeHtml(`<b a="x" b='y'>&`)).toBe('&lt;b a=&quot;x&quot; b=&#39;y&#39;&gt;&amp;')
    expect(embeddedJson({ a: '</script><!--' })).not.toContain('<')
    expect(JSON.parse(embeddedJson({ a: '</script>\u2028' }))).toEqual({ a: '</script>\u2028' })
  })
})

describe('a table', () => {
  it('aligns text left and figures right', () => {
    expect(
      table(
        ['who', 'count'],
        [
          ['ada', '7'],
          ['bob', '1200'],
        ],
      ),
    ).toBe('  who  count\n  ada      7\n  bob   1200\n')
  })
})
