import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'

/** The field arguments of `writeHead`: an object, names and values in one flat array, or an array of pairs. */
export type HeadFields = OutgoingHttpHeaders | readonly unknown[] | undefined

/**
 * Takes the arguments of `writeHead` over into the response, so that a policy sees all fields in one place. What Node would
 * refuse, it refuses here: still inside the framework's own call.
 */
export function takeHead(res: ServerResponse, status: number, reason?: string, fields?: HeadFields): void {
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
  const flat = Array.isArray(fields[0]) ? fields.flat() : fields
  const { length } = flat
  if (length % 2 !== 0) throw Object.assign(new TypeError('headers of odd length'), { code: 'ERR_INVALID_ARG_VALUE' })
  for (let at = 0; at < length; at += 2) res.removeHeader(flat[at] as string)
  // HTTP/2's compatibility response has appendHeader from Node 20.12 on only.
  for (let at = 0; at < length; at += 2) for (const one of [flat[at + 1]].flat()) res.appendHeader(flat[at] as string, one as string)
}
