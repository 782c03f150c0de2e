import { present } from './format.ts'
import type { FieldMap, LineParser, LogFormat, LogLine } from './format.ts'
import { closingQuote } from './quoted.ts'
import { splitRequest } from './request-line.ts'
import { parseTimestamp } from './timestamp.ts'

/** Access logs of AWS load balancers: Application (`https 2024-...`) and Classic (`2024-...`), space-separated and quoted. */
export const loadBalancer: LogFormat = { name: 'elb', open: loadBalancerParser }

const kinds = new Set(['http', 'https', 'h2', 'grpcs', 'ws', 'wss'])

function loadBalancerParser(fields: FieldMap): LineParser {
  return (line) => {
    const tokens = splitQuoted(line, 20)
    // The kind of connection stands first in the newer one; all that follows is the same.
    const from = kinds.has(tokens[0] ?? '') ? 1 : 0
    if (tokens.length < from + 12) return undefined
    const time = parseTimestamp(tokens[from] ?? '')
    const status = tokens[from + 7] ?? ''
    if (time === undefined || !/^\d{3}$|^-$/.test(status)) return undefined
    const [method, path] = splitRequest(tokens[from + 11] ?? '')
    const address = present(tokens[from + 2])
    return {
      at: time.at,
      zone: time.zone,
      status: Number(present(status)),
      method,
      path,
      address,
      user: '',
      agent: present(tokens[from + 12]),
      named: fields.account === undefined ? '' : named(fields.account, tokens, from),
      key: '',
      subject: '',
      cost: undefined,
    } satisfies LogLine
  }
}

function named(field: string, tokens: readonly string[], from: number): string {
  switch (field) {
    case 'user_agent':
      return present(tokens[from + 12])
    case 'domain_name':
      return present(tokens[from + 17])
    case 'client':
    case 'address':
    case 'remote_addr':
      return present(tokens[from + 2])
    default:
      return ''
  }
}

function splitQuoted(line: string, most: number): string[] {
  const tokens: string[] = []
  for (let at = 0; at < line.length && tokens.length < most;) {
    const isQuoted = line.charCodeAt(at) === 34
    const start = isQuoted ? at + 1 : at
    const found = isQuoted ? closingQuote(line, start) : line.indexOf(' ', start)
    const end = found === -1 ? line.length : found
    tokens.push(line.slice(start, end))
    at = isQuoted ? end + 2 : end + 1
  }
  return tokens
}
