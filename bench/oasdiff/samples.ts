import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** How bad a change is. What oasdiff calls information breaks nobody. */
export type Verdict = 'error' | 'warning' | 'nothing'

/** Two documents, and what oasdiff's tests say of the second. */
export interface Sample {
  readonly before: string
  readonly after: string
  /** Rules that its tests name. */
  readonly ids: readonly string[]
  readonly verdict: Verdict
}

const verdicts: Readonly<Record<string, Verdict>> = { ERR: 'error', WARN: 'warning', INFO: 'nothing' }

/**
 * Reads which documents oasdiff's tests compare and which rules they expect. A test that changes a document in its code has no sample to be compared
 * with, and is left out.
 */
export function readSamples(checkout: string): readonly Sample[] {
  const folder = join(checkout, 'checker')
  const sources = readdirSync(folder)
    .filter((name) => name.endsWith('.go'))
    .toSorted()
    .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }))
  const idOf = new Map<string, string>()
  for (const { text } of sources)
    for (const [, constant, id] of text.matchAll(/^\s*(\w+Id)\s*=\s*"([^"]+)"/gm)) idOf.set(constant as string, id as string)
  const levelOf = new Map<string, Verdict>()
  for (const { text } of sources)
    for (const [, constant, level] of text.matchAll(/newBackwardCompatibilityRule\((\w+), (ERR|WARN|INFO)/g))
      levelOf.set(constant as string, verdicts[level as string] as Verdict)

  const samples = new Map<string, { before: string; after: string; constants: Set<string> }>()
  for (const { name, text } of sources) {
    if (!name.endsWith('_test.go')) continue
    for (const [body] of text.matchAll(/^func Test\w+\(.*?\n\}\n/gms)) {
      const files = [...body.matchAll(/open\("\.\.\/(data\/[^"]+)"\)/g)].map(([, file]) => file as string)
      const [before, after] = files
      if (before === undefined || after === undefined || files.length > 2 || before === after || /s[12]\.Spec/.test(body)) continue
      // What must not be found is named in tests, too.
      const expected = body.replaceAll(/require\.(?:False|NotContains)\(t, [^\n]*/g, '')
      const named = [...expected.matchAll(/checker\.(\w+Id)\b/g)].map(([, constant]) => constant as string)
      const constants = named.filter((constant) => levelOf.has(constant))
      if (constants.length === 0 && !/require\.(?:Empty|Len)\(t, errs(?:, 0)?\)/.test(body)) continue
      const known = samples.get(`${before} ${after}`) ?? { before, after, constants: new Set<string>() }
      for (const constant of constants) known.constants.add(constant)
      samples.set(`${before} ${after}`, known)
    }
  }
  return [...samples.values()].map(({ before, after, constants }) => {
    const levels = [...constants].map((constant) => levelOf.get(constant))
    const verdict = (['error', 'warning'] as const).find((level) => levels.includes(level)) ?? 'nothing'
    return { before, after, ids: [...constants].map((constant) => idOf.get(constant) ?? constant).toSorted(), verdict }
  })
}
