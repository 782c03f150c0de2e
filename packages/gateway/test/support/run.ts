import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { gunzipSync } from 'node:zlib'
import { analyze } from '../../src/analyze/analyze.ts'
import type { AnalysisReport, GivenPolicy } from '../../src/analyze/analyze.ts'
import { ingest } from '../../src/analyze/input/ingest.ts'
import type { IngestOptions, Traffic } from '../../src/analyze/input/ingest.ts'
import type { Progress } from '../../src/analyze/input/progress.ts'
import { parseOptions } from '../../src/analyze/options.ts'
import type { RawOptions } from '../../src/analyze/options.ts'
import type { PolicyLimit } from '../../src/analyze/replay/policy.ts'
import { runCli } from '../../src/cli/run.ts'

export const silent: Progress = { update: () => undefined, done: () => undefined }

export const nasaFile: string = join(import.meta.dirname, '../data/nasa-http-1995-08-01.log.gz')

/** The lines of the NASA log. */
export function nasaLines(): readonly string[] {
  return gunzipSync(readFileSync(nasaFile)).toString('utf8').trimEnd().split('\n')
}

/** Reads lines, each list of them as a file of its own. */
export function ingestLines(
  files: readonly (readonly string[])[],
  raw: RawOptions = {},
  more: Partial<IngestOptions> = {},
): Promise<Traffic> {
  const sources = files.map((lines, index) => ({
    name: `file-${index}`,
    size: undefined,
    async *open(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(`${lines.join('\n')}\n`)
    },
  }))
  return ingest({ ...parseOptions(raw), sources, progress: silent, ...more })
}

/** Analyses lines. */
export async function analyzeLines(lines: readonly string[], raw: RawOptions = {}, policy?: GivenPolicy): Promise<AnalysisReport> {
  return analyze(await ingestLines([lines], raw), parseOptions(raw), policy, silent)
}

/** One request in the Common Log Format. */
export function clfLine(host: string, at: number, { status = 200, path = '/', zone = '+0000' } = {}): string {
  const hours = Number(zone.slice(0, 3))
  const [, month = '', day = '', year = '', time = ''] =
    /^\w+, (\d+) (\w+) (\d+) (\S+)/.exec(new Date(at + hours * 3_600_000).toUTCString())?.map(String) ?? []
  return `${host} - - [${month}/${day}/${year}:${time} ${zone}] "GET ${path} HTTP/1.1" ${status} 1`
}

/** Calls `holdfast` with arguments. */
export async function callCli(
  args: readonly string[],
  input: readonly string[] = [],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' }
  const stdin = (async function* () {
    for (const text of input) yield Buffer.from(text)
  })()
  const code = await runCli(args, {
    stdin,
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
  })
  return { code, ...written }
}

/** What a policy block means where it is pasted. */
export function pasted(block: string): { readonly limits: readonly PolicyLimit[] } {
  // By way of JSON, because objects of another context have other prototypes.
  return JSON.parse(String(runInNewContext(`JSON.stringify({ ${block} })`))) as { readonly limits: readonly PolicyLimit[] }
}
