import { UsageError } from '../../cli/io.ts'
import { cloudFront } from './cloudfront.ts'
import { combined, virtualHost } from './combined.ts'
import type { FieldMap, LineParser, LogFormat } from './format.ts'
import { json } from './json.ts'
import { loadBalancer } from './load-balancer.ts'
import { parseLogFormat } from './log-format.ts'
import { templateFormat } from './template.ts'

/** All formats that can be told from their lines, in the order of preference. */
const known: readonly LogFormat[] = [virtualHost, combined, json, loadBalancer, cloudFront]

const names: ReadonlyMap<string, LogFormat> = new Map([
  ['common', combined],
  ['combined', combined],
  ['nginx', combined],
  ['netnea', combined],
  ['vhost', virtualHost],
  ['json', json],
  ['ndjson', json],
  ['caddy', json],
  ['envoy', json],
  ['alb', loadBalancer],
  ['elb', loadBalancer],
  ['cloudfront', cloudFront],
])

/**
 * The format that a name, a `LogFormat` or a `log_format` string stands for.
 *
 * @throws UsageError for anything else
 */
export function formatNamed(text: string): LogFormat {
  const found = names.get(text.toLowerCase())
  if (found !== undefined) return found
  if (/[%$]/.test(text)) return templateFormat('given', parseLogFormat(text))
  throw new UsageError(
    `--format: expected auto, ${[...names.keys()].join(', ')}, or a LogFormat or log_format string, got ${JSON.stringify(text)}`,
  )
}

/** The format that reads most of these lines; `undefined` when none reads any. */
export function detectFormat(lines: readonly string[], fields: FieldMap): LogFormat | undefined {
  let best: LogFormat | undefined
  let most = 0
  for (const format of known) {
    const parse = format.open(fields)
    const read = lines.filter((line) => isEntry(parse(line))).length
    if (read > most) [best, most] = [format, read]
  }
  return best
}

/**
 * Reads lines as a format that was told from the first ones, and those that are not of it as any other that fits: files go on in another
 * format where a setting was changed.
 *
 * @param onOther told the name of the other format
 */
export function openDetected(format: LogFormat, fields: FieldMap, onOther: (name: string) => void): LineParser {
  const parse = format.open(fields)
  const others = known.filter((other) => other !== format).map((other) => ({ name: other.name, parse: other.open(fields) }))
  return (line) => {
    const parsed = parse(line)
    if (parsed !== undefined) return parsed
    for (const other of others) {
      const found = other.parse(line)
      // A line that some format would skip is damage here.
      if (typeof found !== 'object') continue
      onOther(other.name)
      return found
    }
    return undefined
  }
}

function isEntry(parsed: unknown): boolean {
  return typeof parsed === 'object'
}
