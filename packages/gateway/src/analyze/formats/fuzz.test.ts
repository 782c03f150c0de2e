import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatNamed } from './detect.ts'
import type { LogLine } from './format.ts'
import { parseLogFormat } from './log-format.ts'
import { samples } from '../../../test/support/samples.ts'

/** More by RUNS=100000. */
const numRuns = Number(process.env['RUNS'] ?? 400)

describe.each(samples)('the parser of $name', ({ format, lines, fields }) => {
  const line = lines.at(-1) as string
  // What breaks parsers are lines that are almost right: pieces cut out, doubled, and exchanged for other text.
  const damaged = fc
    .array(
      fc.tuple(fc.nat(line.length), fc.nat(12), fc.oneof(fc.string(), fc.constantFrom('"', '\\', ' ', '[', ']', '{', '\t', '-', '\u0000'))),
      { maxLength: 4 },
    )
    .map((cuts) => cuts.reduce((text, [at, length, put]) => text.slice(0, at) + put + text.slice(at + length), line))

  it('gives an instant, a status and a cost that are numbers if any, whatever a line holds', () => {
    const parse = formatNamed(format).open(fields ?? {})
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), damaged), (text) => isSane(parse(text))),
      { numRuns },
    )
  })
})

function isSane(parsed: LogLine | 'skip' | undefined): boolean {
  if (parsed === undefined || parsed === 'skip') return true
  const { at, status, cost, method, path, address, user, agent, named, key, subject } = parsed
  return (
    Number.isSafeInteger(at) &&
    Number.isInteger(status) &&
    status >= 0 &&
    status <= 999 &&
    (cost === undefined || (Number.isInteger(cost) && cost >= 0)) &&
    [method, path, address, user, agent, named, key, subject].every((text) => typeof text === 'string')
  )
}

describe('the parser of format strings', () => {
  it('gives a template or says what is wrong', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom('%h', '%t', '%>s', '%{X}i', '$status', '$msec', ' ', '"', '%%', '%'), fc.string()), {
          maxLength: 12,
        }),
        (parts) => {
          try {
            expect(parseLogFormat(parts.join('')).parts.length).toBeGreaterThan(0)
          } catch (error) {
            expect((error as Error).message).toMatch(/^--format: expected/)
          }
        },
      ),
      { numRuns },
    )
  })
})
