import { pageOrigin } from './platform.ts'
import type { Fetch } from './types.ts'

/** As many as the fetch standard allows. */
const mostRedirects = 20

/** What another origin must not get, and what described a body that is gone (fetch standard, HTTP-redirect fetch). */
const credentials = ['authorization', 'cookie', 'proxy-authorization']
const ofBody = ['content-encoding', 'content-language', 'content-location', 'content-type', 'idempotency-key']

/**
 * Follows the redirects of keyed calls in place of a `fetch`, which would send the key on with the GET that a 303 asks for. On 307 and 308 a
 * call goes on as it was, key included. Browsers do not show where a redirect leads; there `fetch` follows it.
 */
export function followRedirects(fetch: Fetch): Fetch {
  return async function follow(input, given = {}) {
    const headers = new Headers(given.headers)
    const mode = given.redirect ?? (input instanceof Request ? input.redirect : 'follow')
    if (mode !== 'follow' || !headers.has('idempotency-key') || pageOrigin() !== undefined) return fetch(input, given)
    const { body, ...init } = { ...given, headers, redirect: 'manual' as const }
    let url = input instanceof Request ? input.url : String(input)
    let response = await fetch(input, { ...init, ...(body && { body }) })
    let isGet = false
    for (let count = 0; [301, 302, 303, 307, 308].includes(response.status); count++) {
      const target = URL.parse(response.headers.get('location') ?? '', url)
      if (target === null) break
      isGet ||= response.status === 303 || (response.status < 303 && init.method === 'POST')
      if (count === mostRedirects || !/^https?:/.test(target.protocol) || (!isGet && body instanceof ReadableStream))
        throw new TypeError(`fetch failed: the redirect to ${target.origin} cannot be followed`)
      await response.body?.cancel()
      if (isGet) for (const name of ofBody) headers.delete(name)
      if (target.origin !== new URL(url).origin) for (const name of credentials) headers.delete(name)
      url = target.href
      response = await fetch(url, { ...init, ...(isGet ? { method: 'GET' } : body && { body }) })
      Object.defineProperty(response, 'redirected', { value: true })
    }
    return response
  }
}
