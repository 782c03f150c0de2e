/** Method and path of a request line such as `GET /a?b=1 HTTP/1.1`. Both are empty when it is no request line: bots send anything. */
export function splitRequest(request: string): readonly [method: string, path: string] {
  const space = request.indexOf(' ')
  if (space < 1) return ['', '']
  const method = request.slice(0, space)
  if (!/^[A-Za-z][A-Za-z-]{0,31}$/.test(method)) return ['', '']
  const last = request.lastIndexOf(' ')
  const target = last > space && request.startsWith('HTTP/', last + 1) ? request.slice(space + 1, last) : request.slice(space + 1)
  return [method, pathOf(target)]
}

/** The path of a request target, in origin form (`/a?b`) or absolute (`https://host:443/a?b`). */
export function pathOf(target: string): string {
  let from = 0
  const scheme = target.startsWith('/') ? -1 : target.indexOf('://')
  if (scheme > 0) {
    from = target.indexOf('/', scheme + 3)
    if (from === -1) return '/'
  }
  const end = target.slice(from).search(/[?#]/)
  return end === -1 ? target.slice(from) : target.slice(from, from + end)
}
