import { describe, expect, it } from 'vitest'
import { detectFormat, formatNamed } from './detect.ts'
import type { FieldMap, LogLine } from './format.ts'
import { samples } from '../../../test/support/samples.ts'

function read(format: string, line: string, fields: FieldMap = {}): LogLine | 'skip' | undefined {
  return formatNamed(format).open(fields)(line)
}

describe('a log format', () => {
  it.each(samples)('reads a line of $name', ({ format, lines, expected, fields }) => {
    const parse = formatNamed(format).open(fields ?? {})
    expect(lines.map((line) => parse(line)).at(-1)).toMatchObject(expected)
  })

  it.each(samples.filter(({ format }) => !/[%$]/.test(format)))('is told from lines of $name', ({ lines, expected, fields }) => {
    const parse = detectFormat(lines, fields ?? {})?.open(fields ?? {})
    expect(lines.map((line) => parse?.(line)).at(-1)).toMatchObject(expected)
  })

  it('is none for prose', () => {
    expect(detectFormat(['The quick brown fox', '[jumps] over "the" lazy dog', '{"a":1}'], {})).toBeUndefined()
  })

  it.each(samples)(
    'takes a line of $name that is cut off anywhere for another line or none, and never fails',
    ({ format, lines, fields }) => {
      const parse = formatNamed(format).open(fields ?? {})
      const line = lines.at(-1) as string
      for (let end = 0; end < line.length; end++) expect(() => parse(line.slice(0, end))).not.toThrow()
    },
  )
})

describe('the combined format', () => {
  const line = (request: string) => `h - - [01/Aug/1995:02:00:00 -0400] "${request}" 200 1 "-" "agent"`

  it('reads requests that hold quotes, as old servers wrote them', () => {
    expect(read('combined', line('GET /a"b HTTP/1.0'))).toMatchObject({ method: 'GET', path: '/a"b', status: 200, agent: 'agent' })
  })

  it('is not fooled by an escaped quote and a status inside a request', () => {
    expect(read('combined', line(String.raw`GET /a\" 404 x HTTP/1.0`))).toMatchObject({ status: 200 })
  })

  it('takes garbage that a bot sent for a request without a route', () => {
    expect(read('combined', line(String.raw`\x16\x03\x01`))).toMatchObject({ method: '', path: '', status: 200 })
  })

  it('reads users with spaces and brackets in their names', () => {
    expect(read('combined', 'h - John [x] Doe [01/Aug/1995:02:00:00 -0400] "GET / HTTP/1.0" 200 1')).toMatchObject({ user: 'John [x] Doe' })
  })

  it('gives the fields that it has by the names of nginx', () => {
    const text = 'h - ada [01/Aug/1995:02:00:00 -0400] "GET / HTTP/1.0" 200 1 "https://from/" "agent"'
    for (const [account, named] of [
      ['remote_user', 'ada'],
      ['$remote_addr', 'h'],
      ['http_referer', 'https://from/'],
      ['user_agent', 'agent'],
      ['nothing', ''],
    ])
      expect(read('combined', text, { account: account as string })).toMatchObject({ named })
  })
})

describe('a LogFormat or log_format string', () => {
  it('names the account by a header, however the header is spelt', () => {
    const format = String.raw`%h %l %u %t \"%r\" %>s %b \"%{X-Api-Key}i\"`
    const line = 'h - - [01/Aug/1995:02:00:00 -0400] "GET / HTTP/1.0" 200 1 "k1"'
    for (const account of ['x-api-key', 'X-Api-Key', 'http_x_api_key', '$http_x_api_key', '%{X-Api-Key}i'])
      expect(read(format, line, { account })).toMatchObject({ named: 'k1' })
    expect(read(format, line)).toMatchObject({ named: '', key: 'k1' })
  })

  it('takes the cost from a field', () => {
    const line = '1.2.3.4 [24/Nov/2026:08:00:00 +0000] 200 37'
    expect(read('$remote_addr [$time_local] $status $sent_http_x_cost', line, { cost: 'sent_http_x_cost' })).toMatchObject({ cost: 37 })
  })

  it.each([
    ['%h %u', /expected a time such as %t/],
    ['%h%u %t', /expected something between the fields remote_addr and remote_user/],
    ['klf', /--format: expected auto, common.*got "klf"/],
  ])('%s is refused', (format, message) => {
    expect(() => formatNamed(format)).toThrow(message)
  })
})

describe('a JSON log', () => {
  it('takes nothing from the prototype', () => {
    expect(read('json', '{"ts":1646861401,"method":"GET"}', { account: 'constructor.name' })).toMatchObject({ named: '' })
    expect(read('json', '{"ts":1646861401,"__proto__":{"status":429},"method":"GET"}')).toMatchObject({ status: 0 })
  })

  it('skips records of the server about itself', () => {
    expect(read('json', '{"level":"info","ts":1646861401,"logger":"admin","msg":"started"}')).toBe('skip')
  })

  it('does not take what Caddy put in place of a credential for one', () => {
    const line = '{"ts":1646861401,"request":{"method":"GET","headers":{"Authorization":["REDACTED"]}},"status":200}'
    expect(read('json', line)).toMatchObject({ key: '' })
  })
})
