import { costOf, present } from './format.ts'
import type { FieldMap, LineParser, LogFormat, LogLine } from './format.ts'
import { pathOf, splitRequest } from './request-line.ts'
import { fromEpoch, parseTimestamp } from './timestamp.ts'
import type { Timestamp } from './timestamp.ts'

/** Where JSON logs keep what, tried in order: Caddy, Envoy, nginx with `escape=json`, pino, Elastic's schema. */
const places = {
  ts: ['ts', 'time', 'timestamp', '@timestamp', 'start_time', 'time_iso8601', 'time_local', 'msec', 'date'],
  status: ['status', 'response_code', 'status_code', 'res.statusCode', 'response.status', 'http.response.status_code'],
  method: ['request.method', 'method', 'req.method', 'request_method', 'http.request.method'],
  path: ['request.uri', 'uri', 'path', 'url', 'req.url', 'request_uri', 'url.path'],
  address: [
    'request.client_ip',
    'request.remote_ip',
    'client_ip',
    'remote_ip',
    'remote_addr',
    'downstream_remote_address',
    'client.ip',
    'ip',
  ],
  user: ['user_id', 'remote_user', 'user.id', 'user.name'],
  agent: ['request.headers.user-agent', 'user_agent', 'http_user_agent', 'req.headers.user-agent', 'user_agent.original'],
  key: [
    'request.headers.x-api-key',
    'req.headers.x-api-key',
    'request.headers.authorization',
    'req.headers.authorization',
    'http_x_api_key',
    'x_api_key',
    'x-api-key',
    'http_authorization',
  ],
  subject: ['jwt.sub', 'sub', 'jwt_claim_sub', 'claims.sub'],
} as const

type Part = keyof typeof places

/** One JSON object a line: Caddy, Envoy, or any other with fields named by `--map`. */
export const json: LogFormat = { name: 'json', open: jsonParser }

function jsonParser(fields: FieldMap): LineParser {
  const paths = Object.fromEntries(
    Object.entries(places).map(([part, names]) => {
      const named = part in fields ? fields[part as keyof FieldMap] : undefined
      return [part, (named === undefined ? names : [named]).map(splitPath)]
    }),
  ) as unknown as Record<Part, readonly (readonly string[])[]>
  const account = fields.account === undefined ? undefined : splitPath(fields.account)
  const cost = fields.cost === undefined ? undefined : splitPath(fields.cost)
  const isMapped = fields.ts !== undefined

  return (line) => {
    const record = parseObject(line)
    if (record === undefined) return undefined
    const time = timeOf(first(record, paths.ts))
    if (time === undefined) return undefined
    const status = Number(present(textOf(first(record, paths.status))))
    const requestLine = textOf(record['request'])
    const [lineMethod, linePath] = requestLine === undefined ? ['', ''] : splitRequest(requestLine)
    const method = lineMethod || (textOf(first(record, paths.method)) ?? '')
    // Servers write other records into the same file: starting, reloading.
    if (!isMapped && method === '' && !(status >= 100)) return 'skip'
    return {
      at: time.at,
      zone: time.zone,
      status: status >= 100 && status <= 999 ? Math.floor(status) : 0,
      method,
      path: linePath || pathOf(textOf(first(record, paths.path)) ?? ''),
      address: present(textOf(first(record, paths.address))),
      user: present(textOf(first(record, paths.user))),
      agent: present(textOf(first(record, paths.agent))),
      named: account === undefined ? '' : present(textOf(valueAt(record, account))),
      key: credential(textOf(first(record, paths.key))),
      subject: present(textOf(first(record, paths.subject))),
      cost: cost === undefined ? undefined : costOf(textOf(valueAt(record, cost))),
    } satisfies LogLine
  }
}

function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return undefined
  }
}

/** Caddy replaces credentials unless told otherwise. */
function credential(text: string | undefined): string {
  return text === 'REDACTED' ? '' : present(text)
}

function splitPath(name: string): readonly string[] {
  return name.split('.')
}

function first(record: Record<string, unknown>, paths: readonly (readonly string[])[]): unknown {
  for (const path of paths) {
    const value = valueAt(record, path)
    if (value !== undefined && value !== null && value !== '') return value
  }
  return undefined
}

function valueAt(record: Record<string, unknown>, path: readonly string[]): unknown {
  if (path.length === 1) return own(record, path[0] as string)
  const whole = own(record, path.join('.'))
  if (whole !== undefined) return whole
  let value: unknown = record
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = own(value as Record<string, unknown>, name) ?? (path[path.length - 2] === 'headers' ? header(value, name) : undefined)
  }
  return value
}

function own(record: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined
}

function header(fields: object, name: string): unknown {
  const wanted = name.toLowerCase()
  for (const [key, value] of Object.entries(fields)) if (key.toLowerCase() === wanted) return value
  return undefined
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  return Array.isArray(value) && typeof value[0] === 'string' ? value[0] : undefined
}

function timeOf(value: unknown): Timestamp | undefined {
  return typeof value === 'number' ? fromEpoch(value) : typeof value === 'string' ? parseTimestamp(value) : undefined
}
