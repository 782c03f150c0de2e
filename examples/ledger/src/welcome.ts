import { authorityPath } from './development-ca.ts'

/** A few commands that work when pasted into a shell in the directory the ledger was started in. */
export function welcome(url: string): string {
  const curl = url.startsWith('https:') ? `curl -sS --cacert ${authorityPath}` : 'curl -sS'
  const as = `-H 'Authorization: Bearer key_alice' -H 'Content-Type: application/json'`
  return `
Two wallets:
  ANN=$(${curl} ${url}/wallets ${as} -H 'Idempotency-Key: open-ann' \\
    -d '{"owners":["Ann"],"display_name":"Ann","currency":"EUR","opening_balance":"100.00"}' | grep -o 'wal_[0-9A-Z]*' | head -1)
  BEN=$(${curl} ${url}/wallets ${as} -H 'Idempotency-Key: open-ben' \\
    -d '{"owners":["Ben"],"display_name":"Ben","currency":"EUR"}' | grep -o 'wal_[0-9A-Z]*' | head -1)

A transfer. Repeat it as often as you like: the money moves once, and the answer says "Idempotent-Replayed: true".
  ${curl} -i ${url}/transfers ${as} -H 'Idempotency-Key: rent-may' \\
    -d '{"source":{"id":"'$ANN'"},"destination":{"id":"'$BEN'"},"amount":{"value":"10.50","currency":"EUR"}}'

Rename a wallet. If-Match says which state you have seen: the same command again is refused with 412, and without it with 428.
  TAG=$(${curl} -I ${url}/wallets/$ANN -H 'Authorization: Bearer key_alice' | grep -i '^etag:' | cut -d' ' -f2 | tr -d '\\r')
  ${curl} -i -X PATCH ${url}/wallets/$ANN -H 'Authorization: Bearer key_alice' -H "If-Match: $TAG" \\
    -H 'Content-Type: application/merge-patch+json' -d '{"nickname":"Annie"}'

What is left:
  ${curl} ${url}/wallets/$ANN -H 'Authorization: Bearer key_alice'
`
}
