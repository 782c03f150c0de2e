import { UsageError } from '../../cli/io.ts'
import type { Template, TemplatePart } from './template.ts'

/** What each directive of Apache is called in nginx. */
const directives: Readonly<Record<string, string>> = {
  a: 'remote_addr',
  h: 'remote_addr',
  u: 'remote_user',
  t: 'time_local',
  r: 'request',
  s: 'status',
  m: 'request_method',
  U: 'uri',
}

const apacheDirective = /%[<>!\d,]*(?:\{([^}]*)\})?\^?([a-zA-Z]{1,2})|%%/y
const nginxVariable = /\$(?:\{(\w+)\}|(\w+))/y

/**
 * Takes an Apache `LogFormat` or an nginx `log_format` string apart.
 *
 * @throws UsageError when it has no time, or two fields with nothing between them
 */
export function parseLogFormat(text: string): Template {
  const isNginx = !text.includes('%') || /\$(?:remote_addr|time_local|time_iso8601|msec|request|status)\b/.test(text)
  const source = isNginx ? text : text.replaceAll('\\"', '"').replaceAll('\\t', '\t')
  const parts: TemplatePart[] = []
  let before = ''
  for (let at = 0; at < source.length;) {
    const found = isNginx ? variableAt(source, at) : directiveAt(source, at)
    if (found === undefined) before += source[at++]
    else if (found.field === undefined) {
      before += '%'
      at += found.length
    } else {
      if (before === '' && parts.length > 0)
        throw new UsageError(`--format: expected something between the fields ${parts.at(-1)?.field} and ${found.field}, got nothing`)
      // Apache puts brackets round its own %t.
      parts.push({ before: before + (found.opened ?? ''), field: found.field })
      before = found.closed ?? ''
      at += found.length
    }
  }
  if (!parts.some(({ field }) => field === 'time_local' || field === 'time_iso8601' || field === 'msec'))
    throw new UsageError(`--format: expected a time such as %t, $time_local or $msec among the fields, got ${JSON.stringify(text)}`)
  return { parts, after: before }
}

interface Found {
  readonly field: string | undefined
  readonly length: number
  readonly opened?: string
  readonly closed?: string
}

function variableAt(text: string, at: number): Found | undefined {
  nginxVariable.lastIndex = at
  const match = nginxVariable.exec(text)
  return match === null ? undefined : { field: (match[1] ?? match[2] ?? '').toLowerCase(), length: match[0].length }
}

function directiveAt(text: string, at: number): Found | undefined {
  apacheDirective.lastIndex = at
  const match = apacheDirective.exec(text)
  if (match === null) return undefined
  const [whole, argument, letters = ''] = match
  if (letters === '') return { field: undefined, length: whole.length }
  // Two letters only after a caret; otherwise the second belongs to the text.
  const letter = whole.includes('^') ? letters : letters.charAt(0)
  const length = whole.length - (letters.length - letter.length)
  if (letter === 't') return { ...timeDirective(argument), length }
  if (argument !== undefined) return { field: named(letter, argument), length }
  return { field: directives[letter] ?? `apache_${letter}`, length }
}

function timeDirective(argument: string | undefined): Pick<Found, 'field' | 'opened' | 'closed'> {
  if (argument === undefined) return { field: 'time_local', opened: '[', closed: ']' }
  const plain = argument.replace(/^(?:begin|end):/, '')
  if (/^(?:sec|msec|usec)$/.test(plain)) return { field: 'msec' }
  if (/^(?:msec|usec)_frac$/.test(plain)) return { field: 'fraction' }
  return { field: 'time_local' }
}

function named(letter: string, argument: string): string {
  const name = argument.toLowerCase().replaceAll('-', '_')
  return letter === 'i' ? `http_${name}` : letter === 'a' ? 'remote_addr' : name
}
