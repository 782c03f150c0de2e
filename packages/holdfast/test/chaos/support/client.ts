import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** What came back of one attempt. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** One call under a key. */
export interface KeyedCall {
  readonly path: string
  readonly key: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly agent?: Agent
  readonly signal?: AbortSignal
}

// A hang is a finding, not a reason to wait for ever.
const hangMs = 60_000

/** Sends one attempt. Rejects when no whole answer came back. */
export function send(
  url: string,
  { path, key, body = { amount: 1 }, headers = {}, agent = new Agent(), signal }: KeyedCall,
): Promise<Answer> {
  const text = JSON.stringify(body)
  const fields = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), 'idempotency-key': key, ...headers }
  return exchange(`${url}${path}`, 'POST', text, fields, { agent, ...(signal && { signal }) })
}

/** Asks without a key. */
export function ask(url: string, path: string, method = 'GET', headers: Readonly<Record<string, string>> = {}, body = ''): Promise<Answer> {
  return exchange(`${url}${path}`, method, body, { ...headers, 'content-length': Buffer.byteLength(body) }, { agent: new Agent() })
}

function exchange(
  url: string,
  method: string,
  text: string,
  headers: Readonly<Record<string, string | number>>,
  options: { agent: Agent; signal?: AbortSignal },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, timeout: hangMs, ...options }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (body += chunk))
      response.on('error', reject)
      response.on('end', () => {
        if (response.complete) resolve({ status: response.statusCode ?? 0, headers: response.headers, body })
        else reject(new Error('the answer broke off'))
      })
    })
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${hangMs} ms: ${method} ${url}`)))
    sent.on('error', reject)
    sent.end(text)
  })
}

/** Whether a caller that knows nothing else should simply repeat: the service is busy, away, or the key is being worked on. */
export function isPassing({ status, body }: Answer): boolean {
  return status === 503 || status === 429 || (status === 409 && body.includes('"in-progress"'))
}

/** Repeats a call at the servers in turn until something final is known, and tells every attempt's status on the way. */
export async function sendUntilSettled(urls: readonly string[], call: KeyedCall): Promise<Answer & { readonly passed: readonly number[] }> {
  const passed: number[] = []
  for (let attempt = 0; ; attempt += 1) {
    const answer = await send(urls[attempt % urls.length] ?? '', call)
    if (!isPassing(answer)) return { ...answer, passed }
    passed.push(answer.status)
    await sleep(50)
  }
}

/** The parts of an answer that every repeat of its key must get, byte for byte. */
export function essence({ status, headers, body }: Answer): unknown {
  return [status, headers['content-type'], headers['location'], headers['etag'], body]
}
