import { costOf, present } from './format.ts'
import type { FieldMap, LineParser, LogFormat, LogLine } from './format.ts'
import { closingQuote, isEscaped } from './quoted.ts'
import { splitRequest } from './request-line.ts'
import { timestampReader } from './timestamp.ts'

/**
 * The Common Log Format and everything that continues it: combined, nginx with `$request_time` behind, and extended formats with an
 * ISO timestamp. What stands behind the user agent is not read.
 */
export const combined: LogFormat = { name: 'combined', open: (fields) => combinedParser(fields, false) }

/** The same with the virtual host in front, as Apache's `vhost_combined` writes it. */
export const virtualHost: LogFormat = { name: 'vhost', open: (fields) => combinedParser(fields, true) }

function combinedParser(fields: FieldMap, hasVirtualHost: boolean): LineParser {
  const readTime = timestampReader()
  return (line) => {
    let start = 0
    if (hasVirtualHost) {
      start = line.indexOf(' ') + 1
      // An IPv6 address ends like a host with its port; what follows it is no address.
      if (!/:\d+$/.test(line.slice(0, Math.max(0, start - 1))) || line.startsWith('- ', start)) return undefined
    }
    // Names of users are free text and may hold a bracket: the first bracket with a timestamp in it counts.
    for (let open = line.indexOf(' [', start), tries = 0; open !== -1 && tries < 4; open = line.indexOf(' [', open + 1), tries++) {
      const close = line.indexOf('] "', open)
      if (close === -1) return undefined
      const time = readTime(line.slice(open + 2, close))
      if (time !== undefined) return readRest(line, start, open, close + 3, time, fields)
    }
    return undefined
  }
}

function readRest(
  line: string,
  start: number,
  open: number,
  request: number,
  { at, zone }: { readonly at: number; readonly zone: number | undefined },
  fields: FieldMap,
): LogLine | undefined {
  const ident = line.indexOf(' ', start)
  if (ident <= start || ident >= open) return undefined
  const user = line.indexOf(' ', ident + 1)
  if (user === -1 || user >= open) return undefined
  const end = endOfRequest(line, request)
  if (end === -1) return undefined
  const [method, path] = splitRequest(line.slice(request, end))
  const referer = quotedBehind(line, end + 5)
  const agent = referer && quotedBehind(line, referer.end + 1)
  const values = {
    address: line.slice(start, ident),
    user: present(line.slice(user + 1, open)),
    agent: present(agent?.text),
  }
  return {
    at,
    zone,
    status: Number(line.slice(end + 2, end + 5)),
    method,
    path,
    ...values,
    named: fields.account === undefined ? '' : fieldOf(fields.account, values, referer?.text),
    key: '',
    subject: '',
    cost: fields.cost === undefined ? undefined : costOf(fieldOf(fields.cost, values, referer?.text)),
  }
}

function fieldOf(name: string, values: Readonly<Record<'address' | 'user' | 'agent', string>>, referer: string | undefined): string {
  switch (name.replace(/^\$/, '').toLowerCase()) {
    case 'remote_addr':
    case 'address':
    case 'host':
    case '%h':
      return present(values.address)
    case 'remote_user':
    case 'user':
    case '%u':
      return values.user
    case 'user_agent':
    case 'http_user_agent':
    case 'agent':
      return values.agent
    case 'http_referer':
    case 'referer':
      return present(referer)
    default:
      return ''
  }
}

/** Old servers do not escape quotes in requests: the one that a status follows ends it. */
function endOfRequest(line: string, from: number): number {
  for (let at = line.indexOf('" ', from); at !== -1; at = line.indexOf('" ', at + 1)) {
    if (isStatus(line, at + 2) && !isEscaped(line, at, from)) return at
  }
  return -1
}

function isStatus(line: string, at: number): boolean {
  const first = line.charCodeAt(at)
  if (first < 49 || first > 57 || !isDigit(line, at + 1) || !isDigit(line, at + 2)) return false
  return at + 3 === line.length || line.charCodeAt(at + 3) === 32
}

function isDigit(line: string, at: number): boolean {
  const code = line.charCodeAt(at)
  return code >= 48 && code <= 57
}

function quotedBehind(line: string, from: number): { readonly text: string; readonly end: number } | undefined {
  const open = line.indexOf(' "', from)
  if (open === -1) return undefined
  const end = closingQuote(line, open + 2)
  return end === -1 ? undefined : { text: line.slice(open + 2, end), end }
}
