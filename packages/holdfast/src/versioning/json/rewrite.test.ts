import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ObjectEdit } from './object-edit.ts'
import { rewriteJson } from './rewrite.ts'
import type { PlanNode, Trace } from './rewrite.ts'
import { JsonSyntaxError } from './scanner.ts'
import { fromValue, rewriteValue, toValue } from './value.ts'

const silent: Trace = { fired: () => {} }
const renaming = (from: string, to: string): PlanNode => ({ steps: [{ change: 0, run: (object) => object.rename(from, to) }] })
const numbers = Number(process.env['FUZZ_RUNS'] ?? 300)

/** Writes a value with the spacing of someone in no hurry. */
function spaced(value: unknown, gaps: readonly string[], at = { index: 0 }): string {
  const gap = (): string => gaps[at.index++ % gaps.length] ?? ''
  if (Array.isArray(value)) return `[${value.map((item) => `${gap()}${spaced(item, gaps, at)}${gap()}`).join(',') || gap()}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([name, item]) => `${gap()}${JSON.stringify(name)}${gap()}:${gap()}${spaced(item, gaps, at)}${gap()}`,
    )
    return `{${members.join(',') || gap()}}`
  }
  return JSON.stringify(value)
}

const json = fc.jsonValue({ maxDepth: 4 })
const gaps = fc.array(fc.constantFrom('', ' ', '\n', '\t ', '\r\n'), { minLength: 1, maxLength: 7 })

/** What the plan below does, done to a parsed value. */
function reference(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reference)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name === 'a' ? 'renamed' : name, reference(item)]))
}
const everywhere: PlanNode = { steps: [{ change: 0, run: (object) => object.rename('a', 'renamed') }] }
everywhere.items = everywhere
everywhere.others = everywhere

describe('rewriting JSON', () => {
  it('keeps every byte when there is nothing to change', () => {
    fc.assert(
      fc.property(json, gaps, (value, spacing) => {
        const text = spaced(value, spacing)
        expect(rewriteJson(text, everywhere, silent) === text).toBe(JSON.stringify(reference(value)) === JSON.stringify(value))
        expect(rewriteJson(text, {}, silent)).toBe(text)
      }),
      { numRuns: numbers },
    )
  })

  it('agrees with doing the same to what JSON.parse makes of it, whatever the spacing', () => {
    // No name is a lone backslash: after one, JSON.parse of Node 24 reads the name "\"" as a backslash too.
    const named = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.integer(),
        fc.string(),
        fc.constant(null),
        tie('object'),
        fc.array(tie('value'), { maxLength: 3 }),
      ),
      object: fc.dictionary(fc.constantFrom('a', 'b', 'c', '"', '\n', 'é'), tie('value'), { maxKeys: 4 }),
    })).value
    fc.assert(
      fc.property(named, gaps, (value, spacing) => {
        expect(JSON.parse(rewriteJson(spaced(value, spacing), everywhere, silent))).toEqual(reference(value))
      }),
      { numRuns: numbers },
    )
  })

  it('keeps big integers, decimals, spacing and repeated names round what it changes', () => {
    const text = '{ "id" : 9007199254740993,\n "name":"x" , "amt":10.00, "e":1E+2, "amt": 10.0 }'
    expect(rewriteJson(text, renaming('name', 'title'), silent)).toBe(text.replace('"name"', '"title"'))
    expect(rewriteJson(text, renaming('amt', 'sum'), silent)).toBe(text.replaceAll('"amt"', '"sum"'))
  })

  it('follows members, items and all other members, and tells what fired', () => {
    const fired: number[] = []
    const item: PlanNode = { steps: [{ change: 7, run: (object) => object.rename('a', 'b') }] }
    const plan: PlanNode = { members: new Map([['data', { items: item }]]), others: item }
    expect(rewriteJson('{"data":[{"a":1},{"c":2},3],"x":{"a":4},"y":"{\\"a\\":5}"}', plan, { fired: (change) => fired.push(change) })).toBe(
      '{"data":[{"b":1},{"c":2},3],"x":{"b":4},"y":"{\\"a\\":5}"}',
    )
    expect(fired).toEqual([7, 7])
  })

  it('leaves the white space before a brace where it was, whichever member is last', () => {
    const removing = (name: string): PlanNode => ({ steps: [{ change: 0, run: (object) => object.remove(name) }] })
    const text = '{ "a" : 1 ,\n  "b" : 2\t,"c" : 3\n}'
    expect(rewriteJson(text, removing('a'), silent)).toBe('{\n  "b" : 2\t,"c" : 3\n}')
    expect(rewriteJson(text, removing('b'), silent)).toBe('{ "a" : 1 ,"c" : 3\n}')
    expect(rewriteJson(text, removing('c'), silent)).toBe('{ "a" : 1 ,\n  "b" : 2\n}')
    const adding: PlanNode = { steps: [{ change: 0, run: (object) => object.set('d', '4') }] }
    expect(rewriteJson(text, adding, silent)).toBe('{ "a" : 1 ,\n  "b" : 2\t,"c" : 3, "d" : 4\n}')
  })

  it('reads names that are escaped', () => {
    expect(rewriteJson('{"\\u0061":1,"a\\"b":{"a":2}}', renaming('a', 'z'), silent)).toBe('{"z":1,"a\\"b":{"a":2}}')
  })

  it('chooses between shapes by what is in the object', () => {
    const plan: PlanNode = {
      unions: [
        [
          { matches: (object) => object.text('kind') === '"card"', node: renaming('n', 'number') },
          { matches: () => true, node: renaming('n', 'iban') },
        ],
      ],
    }
    expect(rewriteJson('{"kind":"card","n":1}', plan, silent)).toBe('{"kind":"card","number":1}')
    expect(rewriteJson('{"kind":"bank","n":1}', plan, silent)).toBe('{"kind":"bank","iban":1}')
  })

  it.each(['', '{', '{"a"', '{"a":', '{"a":1', '{"a":1,}', '{a:1}', '[1', '[1,', '{"a":1}}', '{"a" 1}', '{"a":"x}', '{"a":1 2}'])(
    'refuses %j',
    (text) => {
      expect(() => rewriteJson(text, everywhere, silent)).toThrow(JsonSyntaxError)
    },
  )

  it('refuses what is nested too deeply to follow, without overflowing', () => {
    expect(() => rewriteJson('['.repeat(100_000), everywhere, silent)).toThrow(JsonSyntaxError)
    expect(() => rewriteJson(`${'{"a":'.repeat(300)}1${'}'.repeat(300)}`, everywhere, silent)).toThrow('nested deeper')
  })

  it('either gives JSON or refuses, whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', 'a', '1', ' ', 'null') }), (text) => {
        let isJson = true
        try {
          JSON.parse(text)
        } catch {
          isJson = false
        }
        let accepted = true
        try {
          rewriteJson(text, everywhere, silent)
        } catch (error) {
          accepted = false
          expect(error).toBeInstanceOf(JsonSyntaxError)
        }
        if (isJson) expect(accepted).toBe(true)
      }),
      { numRuns: numbers * 5 },
    )
  })
})

describe('an object being edited', () => {
  const edited = (text: string, change: (object: ObjectEdit) => void): string => {
    const { edit } = ObjectEdit.parse(text)
    change(edit)
    return edit.print() ?? text
  }

  it.each<[string, string, (object: ObjectEdit) => void, string]>([
    ['adds a member in the style of the others', '{ "a": 1 }', (object) => object.set('b', '2'), '{ "a": 1, "b": 2 }'],
    ['adds to nothing', '{  }', (object) => object.set('b', '2'), '{"b":2}'],
    ['removes the last member', '{\n  "a": 1,\n  "b": 2\n}', (object) => object.remove('b'), '{\n  "a": 1\n}'],
    ['removes the first member', '{"a":1,"b":2}', (object) => object.remove('a'), '{"b":2}'],
    ['removes the only member', '{ "a":1 }', (object) => object.remove('a'), '{}'],
    ['replaces a value and keeps its place', '{"a": 1 ,"b":2}', (object) => object.set('a', '[3]'), '{"a": [3] ,"b":2}'],
    ['changes inside a member', '{"a":{ "x":1.0 }}', (object) => object.child('a')?.rename('x', 'y'), '{"a":{ "y":1.0 }}'],
    ['makes a member to change in', '{"a":1}', (object) => object.childOrNew('m')?.set('x', '2'), '{"a":1,"m":{"x":2}}'],
    ['leaves what is no object', '{"a":1}', (object) => object.childOrNew('a')?.set('x', '2'), '{"a":1}'],
  ])('%s', (_what, before, change, after) => {
    expect(edited(before, change)).toBe(after)
  })
})

describe('values', () => {
  it('keep integers that a double cannot hold', () => {
    expect(toValue('{"a":9007199254740993,"b":[12345678901234567890.5],"c":1}')).toEqual({
      a: 9_007_199_254_740_993n,
      b: [12_345_678_901_234_567_000],
      c: 1,
    })
    expect(fromValue({ a: 9_007_199_254_740_993n, b: undefined, c: [undefined, 'é'], d: new Date(0) })).toBe(
      '{"a":9007199254740993,"c":[null,"é"],"d":"1970-01-01T00:00:00.000Z"}',
    )
  })

  it('are written over their text: what is equal keeps its spelling', () => {
    const text = '{ "a": 10.00, "b": [1.0, {"x": 1e2}], "c": "\\u0041" }'
    expect(rewriteValue(text, toValue(text))).toBe(text)
    expect(rewriteValue(text, { ...(toValue(text) as object), d: 1 })).toBe(
      '{ "a": 10.00, "b": [1.0, {"x": 1e2}], "c": "\\u0041", "d": 1 }',
    )
    expect(rewriteValue(text, { a: 10, b: [1, { x: 7 }] })).toBe('{ "a": 10.00, "b": [1.0, {"x": 7}] }')
    expect(rewriteValue(text, { a: 10, b: [2] })).toBe('{ "a": 10.00, "b": [2] }')
  })

  it('come back from any rewriting as they went in', () => {
    fc.assert(
      fc.property(json, json, gaps, (before, after, spacing) => {
        expect(JSON.parse(rewriteValue(spaced(before, spacing), after))).toEqual(JSON.parse(JSON.stringify(after)))
      }),
      { numRuns: numbers },
    )
  })
})
