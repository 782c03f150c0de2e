import { costOf, present } from './format.ts'
import type { FieldMap, LineParser, LogFormat, LogLine } from './format.ts'
import { closingQuote } from './quoted.ts'
import { pathOf, splitRequest } from './request-line.ts'
import { parseTimestamp } from './timestamp.ts'

/** A field, and the text that stands before it. */
export interface TemplatePart {
  readonly before: string
  readonly field: string
}

/** A `LogFormat` or `log_format` string, taken apart. Fields have the names that nginx gives them. */
export interface Template {
  readonly parts: readonly TemplatePart[]
  /** What stands behind the last field. */
  readonly after: string
}

/** A format that reads lines as a template writes them. Fields that were appended to the lines later are ignored. */
export function templateFormat(name: string, template: Template): LogFormat {
  return { name, open: (fields) => templateParser(template, fields) }
}

function templateParser({ parts, after }: Template, fields: FieldMap): LineParser {
  const account = fields.account === undefined ? undefined : toVariable(fields.account)
  const cost = fields.cost === undefined ? undefined : toVariable(fields.cost)
  return (line) => {
    const values = new Map<string, string>()
    let at = 0
    for (const [index, { before, field }] of parts.entries()) {
      if (!line.startsWith(before, at)) return undefined
      at += before.length
      const end = endOfField(line, at, parts[index + 1]?.before ?? after)
      if (end === -1) return undefined
      values.set(field, line.slice(at, end))
      at = end
    }
    return line.startsWith(after, at) ? toLine(values, account, cost) : undefined
  }
}

function endOfField(line: string, from: number, next: string): number {
  if (next === '') return line.length
  if (!next.startsWith('"')) return line.indexOf(next, from)
  for (let at = closingQuote(line, from); at !== -1; at = closingQuote(line, at + 1)) if (line.startsWith(next, at)) return at
  return -1
}

function toLine(values: ReadonlyMap<string, string>, account: string | undefined, cost: string | undefined): LogLine | undefined {
  const time = timeOf(values)
  if (time === undefined) return undefined
  const request = values.get('request')
  const [method, path] =
    request === undefined
      ? [values.get('request_method') ?? '', pathOf(values.get('request_uri') ?? values.get('uri') ?? '')]
      : splitRequest(request)
  const status = values.get('status') ?? ''
  if (status !== '' && status !== '-' && !/^\d{3}$/.test(status)) return undefined
  return {
    ...time,
    status: Number(present(status)),
    method,
    path,
    address: present(values.get('remote_addr')),
    user: present(values.get('remote_user')),
    agent: present(values.get('http_user_agent')),
    named: account === undefined ? '' : present(values.get(account) ?? values.get(`http_${account}`)),
    key: present(values.get('http_x_api_key') ?? values.get('http_api_key') ?? values.get('http_authorization')),
    subject: present(values.get('jwt_claim_sub') ?? values.get('jwt_sub') ?? values.get('sub')),
    cost: cost === undefined ? undefined : costOf(values.get(cost) ?? values.get(`http_${cost}`)),
  }
}

function timeOf(values: ReadonlyMap<string, string>): Pick<LogLine, 'at' | 'zone'> | undefined {
  const text = values.get('msec') ?? values.get('time_iso8601') ?? values.get('time_local')
  if (text === undefined) return undefined
  const fraction = values.get('fraction')
  // Apache writes "[date].fraction" as two fields; the zone, if any, stands between them.
  return parseTimestamp(fraction === undefined ? text : text.replace(/^(\S+[T :]\d\d:\d\d:\d\d)(.*)$/, `$1.${fraction.slice(0, 9)}$2`))
}

/** A field's name as users write it, as `$name`, `%{Header-Name}i` or a header's name, in nginx's spelling. */
export function toVariable(name: string): string {
  const header = /^%\{([^}]+)\}i$/.exec(name)?.[1]
  const plain = (header ?? name.replace(/^\$/, '')).toLowerCase().replaceAll('-', '_')
  return header === undefined ? plain : `http_${plain}`
}
