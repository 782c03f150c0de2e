import { costOf, present } from './format.ts'
import type { FieldMap, LineParser, LogFormat } from './format.ts'
import { parseTimestamp } from './timestamp.ts'

/** CloudFront's standard log: tab-separated, fields named by a `#Fields:` line, text percent-encoded. */
export const cloudFront: LogFormat = { name: 'cloudfront', open: cloudFrontParser }

/** The order of the fields when the file does not say. */
const standardFields =
  'date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie)'

function cloudFrontParser(fields: FieldMap): LineParser {
  let columns = toColumns(standardFields)
  return (line) => {
    if (line.startsWith('#')) {
      if (line.startsWith('#Fields:')) columns = toColumns(line.slice('#Fields:'.length).trim())
      return 'skip'
    }
    const values = line.split('\t')
    const field = (name: string): string => decode(present(values[columns.get(name) ?? -1]))
    const time = parseTimestamp(`${field('date')}T${field('time')}Z`)
    const status = field('sc-status')
    // 000: the viewer went away before an answer.
    if (time === undefined || !/^\d{3}$|^$/.test(status)) return undefined
    return {
      at: time.at,
      zone: time.zone,
      status: Number(status),
      method: field('cs-method'),
      path: field('cs-uri-stem'),
      address: field('c-ip'),
      user: '',
      agent: field('cs(User-Agent)'),
      named: fields.account === undefined ? '' : field(fields.account),
      key: '',
      subject: '',
      cost: fields.cost === undefined ? undefined : costOf(field(fields.cost)),
    }
  }
}

function toColumns(names: string): ReadonlyMap<string, number> {
  return new Map(names.split(/\s+/).map((name, index) => [name, index]))
}

function decode(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
