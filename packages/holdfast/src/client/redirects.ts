import { ownTransportOf } from './own-transport.ts'
import { pageOrigin } from './platform.ts'
import type { Fetch, FetchInit } from './types.ts'

/** As many as the fetch standard allows. */
const mostRedirects = 20

/** What another origin must not get, and what described a body that is gone (fetch standard, HTTP-redirect fetch). */
const credentials = ['authorization', 'cookie', 'proxy-authorization']
const ofBody = ['content-encoding', 'content-language', 'content-location', 'content-type', 'idempotency-key']

/**
 * Follows the redirects of keyed calls in place of a `fetch`, which would send the key on with the GET that a 303 asks for. On 307 and 308 a
 * call goes on as it was, key included. Browsers do not show where a redirect leads; there `fetch` follows it.
 *
 * @param always whether to follow those of all calls, for what sends but does not follow any itself
 */
export function followRedirects(fetch: Fetch, always: boolean = false): Fetch {
  if (ownTransportOf(fetch) !== undefined) return fetch
  return function follow(input, init = {}) {
    const mode = init.redirect ?? (input instanceof Request ? input.redirect : 'follow')
    const isOurs = always || (hasKey(init.headers) && pageOrigin() === undefined)
    if (mode === 'manual' || !isOurs) return fetch(input, init)
    const sent = { ...init, redirect: 'manual' as const }
    return fetch(input, sent).then((response) => (isRedirect(response.status) ? walk(fetch, input, sent, mode, response) : response))
  }
}

/** Goes where a redirect leads, and on from there. `given` is what was sent. */
export async function walk(
  fetch: Fetch,
  input: string | URL | Request,
  given: FetchInit,
  mode: string,
  first: Response,
): Promise<Response> {
  const { body, ...init } = given
  const headers = new Headers(given.headers)
  let response = first
  let url = input instanceof Request ? input.url : String(input)
  let isGet = false
  for (let count = 0; isRedirect(response.status); count++) {
    const target = URL.parse(response.headers.get('location') ?? '', url)
    if (target === null) break
    isGet ||= response.status === 303 || (response.status < 303 && init.method === 'POST')
    if (mode === 'error' || count === mostRedirects || !/^https?:/.test(target.protocol) || (!isGet && body instanceof ReadableStream))
      throw new TypeError(`fetch failed: the redirect to ${target.origin} cannot be followed`)
    await response.body?.cancel()
    if (isGet) for (const name of ofBody) headers.delete(name)
    if (target.origin !== new URL(url).origin) for (const name of credentials) headers.delete(name)
    url = target.href
    const method = isGet && init.method !== 'HEAD' ? { method: 'GET' } : {}
    response = await fetch(url, { ...init, headers, ...method, ...(!isGet && body && { body }) })
    Object.defineProperty(response, 'redirected', { value: true })
  }
  return response
}

export function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status)
}

function hasKey(headers: FetchInit['headers']): boolean {
  if (headers === undefined) return false
  // Records of ours have lower-case names.
  return 'idempotency-key' in headers || (Symbol.iterator in headers && new Headers(headers).has('idempotency-key'))
}
