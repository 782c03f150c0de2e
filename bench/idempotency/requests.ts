import { randomUUID } from 'node:crypto'

const body = JSON.stringify({
  from: 'wallet-0f8e6c1d2b',
  to: 'wallet-7a9b3c5e4f',
  amount: 1250,
  currency: 'EUR',
  note: 'invoice 2026-0815, second half of the deposit as agreed',
})

/** A UUIDv7, as our client makes keys. */
function newKey(): string {
  const time = Date.now().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}

/** Calls as clients send them, each with a key of its own: 150 bytes of JSON. */
export function newTransfers(count: number): string[] {
  return Array.from({ length: count }, () =>
    [
      'POST /transfers HTTP/1.1',
      'Host: 127.0.0.1',
      'Accept: application/json',
      'Authorization: Bearer 4f1d8a7c',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      `Idempotency-Key: "${newKey()}"`,
      '',
      body,
    ].join('\r\n'),
  )
}
