import type { Call } from '../core/call.ts'
import { pageOrigin } from './platform.ts'
import type { Fetch } from './types.ts'

/** As many as the fetch standard allows. */
const mostRedirects = 20

/** What another origin must not get, and what described a body that is gone (fetch standard, HTTP-redirect fetch). */
const credentials = ['authorization', 'cookie', 'proxy-authorization', 'host']
const ofBody = ['content-encoding', 'content-language', 'content-location', 'content-type', 'content-length']

/**
 * Follows the redirects of a keyed call itself: `fetch` would send the key on with the GET that a 303 asks for. On 307 and 308 the call goes
 * on as it was, key included. Browsers do not show where a redirect leads; there `fetch` follows it.
 */
export async function followRedirects(fetch: Fetch, call: Call, input: string | URL | Request, init: RequestInit): Promise<Response> {
  const mode = init.redirect ?? (input instanceof Request ? input.redirect : 'follow')
  if (mode !== 'follow' || !call.headers.has('idempotency-key') || pageOrigin() !== undefined) return fetch(input, init)
  let response = await fetch(input, { ...init, redirect: 'manual' })
  let url = call.url
  let { method } = call
  let body = init.body
  const headers = new Headers(init.headers)
  for (let redirects = 0; ; redirects++) {
    const location = [301, 302, 303, 307, 308].includes(response.status) ? response.headers.get('location') : null
    if (location === null || !URL.canParse(location, url)) break
    if (redirects === mostRedirects) throw new TypeError('redirect count exceeded')
    const target = new URL(location, url)
    if (target.protocol !== 'http:' && target.protocol !== 'https:') throw new TypeError('URL scheme must be a HTTP(S) scheme')
    if (response.status !== 303 && body instanceof ReadableStream)
      throw new TypeError('a streamed body cannot be sent to where a redirect leads')
    await response.body?.cancel()
    if (response.status === 303 || (response.status < 303 && method === 'POST')) {
      if (method !== 'HEAD') method = 'GET'
      body = undefined
      for (const name of [...ofBody, 'idempotency-key']) headers.delete(name)
    }
    if (target.origin !== new URL(url).origin) for (const name of credentials) headers.delete(name)
    url = target.href
    const { body: _body, ...rest } = init
    response = await fetch(url, { ...rest, method, headers, redirect: 'manual', ...(body !== undefined && { body }) })
  }
  if (url !== call.url) Object.defineProperty(response, 'redirected', { value: true, configurable: true })
  return response
}
