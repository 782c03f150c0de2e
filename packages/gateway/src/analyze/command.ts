import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { CommandError, UsageError } from '../cli/io.ts'
import type { Io } from '../cli/io.ts'
import { analyze } from './analyze.ts'
import { ingest } from './input/ingest.ts'
import { findSources } from './input/open.ts'
import { createProgress } from './input/progress.ts'
import { parseOptions } from './options.ts'
import type { RawOptions } from './options.ts'
import { toHtml } from './output/html.ts'
import { toTerminal } from './output/terminal.ts'
import { readPolicyFile } from './replay/policy-file.ts'

const examples = `
Examples:
  holdfast analyze /var/log/nginx/access.log*
  holdfast analyze access.log --plan '^(free|pro)-' --capacity 400 --html report.html
  holdfast analyze access.log --policy limits.json --json result.json
  zcat logs/*.gz | holdfast analyze - --format '%h %l %u %t "%r" %>s %b %{X-Account}i' --account x-account
  holdfast analyze events.ndjson --map ts=time,account=user.id,status=code,cost=tokens

Exit codes: 0 fine, 1 no line could be read or a file could not be written, 2 called wrongly.
`

/** `holdfast analyze`: limits derived from access logs. */
export const analyzeCommand = {
  name: 'analyze',
  summary: 'derive rate limits from access logs, and replay a policy on them',
  configure(command: Command, io: Io): void {
    command
      .description(
        'Derives rate limits from access logs, with a stated share of accounts that they throttle, and replays policies on them.',
      )
      .argument('<log...>', 'access logs, plain or gzip, in any order; - is standard input')
      .option('--plan <regex>', 'its first group, matched on the account, names its plan')
      .option('--capacity <rps>', 'requests a second that the server stands (default: the busiest usual second and a quarter)')
      .option('--target <share>', 'share of accounts that must never be throttled (default: 0.999)')
      .option('--share <share>', 'largest part of the capacity that one account may have for long (default: 0.5)')
      .option('--account <field>', 'field that names the account (default: an API key, the subject of a token, the user, the address)')
      .option('--policy <file>', 'replay this policy (JSON) beside the recommendation')
      .option('--retries <times>', 'in replays, throttled requests come back so often (default: 0)')
      .option('--json <file>', 'write everything as JSON; - is standard output')
      .option('--html <file>', 'write a report with charts, one file that needs no network; - is standard output')
      .option(
        '--format <format>',
        'auto, common, combined, vhost, netnea, json, caddy, envoy, alb, elb, cloudfront, or a LogFormat or log_format string',
      )
      .option('--map <pairs>', 'fields of JSON logs: ts=...,account=...,status=...,cost=...,method=...,path=...,address=...,agent=...')
      .option('--baseline <from..to>', 'derive limits from this time alone')
      .option('--shadow-first', 'write the policy block in shadow mode: it counts, and throttles nothing')
      .addHelpText('after', examples)
      .action((logs: readonly string[], raw: RawOptions) => runAnalyze(logs, raw, io))
  },
}

async function runAnalyze(logs: readonly string[], raw: RawOptions, io: Io): Promise<void> {
  const options = parseOptions(raw)
  if (raw.json === '-' && raw.html === '-') throw new UsageError('--json and --html: expected one of them on standard output, got - twice')
  const declared = raw.policy === undefined ? undefined : await readPolicyFile(raw.policy)
  const sources = await findSources(logs, io)
  const progress = createProgress(io.stderr, () => performance.now())
  const keepAddresses = declared?.limits.some(({ partition }) => partition.includes('ip')) === true
  const traffic = await ingest({ ...options, sources, keepAddresses, progress })
  try {
    const { analysis, load } = analyze(traffic, options, declared && { name: raw.policy as string, declared }, progress)
    progress.done()
    const files = [
      [raw.json, () => `${JSON.stringify(analysis, undefined, 2)}\n`],
      [raw.html, () => toHtml(analysis, load)],
    ] as const
    const [, text = () => toTerminal(analysis, io.stdout.isTTY === true && process.env['NO_COLOR'] === undefined)] =
      files.find(([path]) => path === '-') ?? []
    // First, so that a file that cannot be written does not take the work of minutes with it.
    io.stdout.write(text())
    for (const [path, toText] of files) if (path !== undefined && path !== '-') await write(path, toText())
    if (analysis.lines === 0) throw new CommandError(`${logs.join(', ')}: no line was found but empty ones and comments`)
    if (analysis.requests === 0)
      throw new CommandError(
        `none of ${analysis.lines} lines could be read; name their format with --format, or the fields of JSON lines with --map`,
      )
  } finally {
    progress.done()
    traffic.spool.close()
  }
}

async function write(path: string, text: string): Promise<void> {
  await writeFile(path, text).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`${path} cannot be written: ${error.message}`)
  })
}
