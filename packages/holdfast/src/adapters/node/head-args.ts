import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'

/** The field arguments of `writeHead`: an object, names and values in one flat array, or an array of pairs. */
export type HeadFields = OutgoingHttpHeaders | readonly unknown[] | undefined

/**
 * Takes the arguments of `writeHead` over into the response, so that a policy sees all fields in one place. What Node would
 * refuse, it refuses here: still inside the framework's own call.
 */
export function takeHead(res: ServerResponse, status: number, reason: string | undefined, fields: HeadFields): void {
  const code = Number(status) | 0
  if (code < 100 || code > 999)
    throw Object.assign(new RangeError(`Invalid status code: ${status}`), { code: 'ERR_HTTP_INVALID_STATUS_CODE' })
  if (Array.isArray(fields)) takePairs(res, fields)
  else if (fields !== undefined && fields !== null) {
    for (const name of Object.keys(fields)) if (name !== '') res.setHeader(name, (fields as Record<string, string>)[name] as string)
  }
  res.statusCode = code
  if (reason !== undefined) res.statusMessage = reason
}

/** Fields of an array replace those set before, but may repeat among themselves. */
function takePairs(res: ServerResponse, fields: readonly unknown[]): void {
  const pairs = Array.isArray(fields[0]) ? (fields as [string, string][]) : toPairs(fields)
  for (const [name] of pairs) res.removeHeader(name)
  for (const [name, value] of pairs) {
    // HTTP/2's compatibility response has appendHeader from Node 20.12 on only.
    if (Array.isArray(value)) for (const one of value as string[]) res.appendHeader(name, one)
    else res.appendHeader(name, String(value))
  }
}

function toPairs(flat: readonly unknown[]): [string, string][] {
  if (flat.length % 2 !== 0)
    throw Object.assign(new TypeError('writeHead() was given an array of odd length'), { code: 'ERR_INVALID_ARG_VALUE' })
  const pairs: [string, string][] = []
  for (let at = 0; at < flat.length; at += 2) pairs.push([flat[at] as string, flat[at + 1] as string])
  return pairs
}
