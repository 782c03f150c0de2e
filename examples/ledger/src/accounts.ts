import type { RequestHead } from 'holdfast'

/** Who may call. Two keys of one account are one caller: a key may be rotated between a call and its retry. */
const accounts = new Map([
  ['key_alice', 'alice'],
  ['key_alice_2', 'alice'],
  ['key_bob', 'bob'],
  ['key_admin', 'admin'],
])

/** The account behind `Authorization: Bearer <key>`, or `undefined`. */
export function accountOf(head: RequestHead): string | undefined {
  const [, key] = /^Bearer +(\S+)$/i.exec(head.headers.get('authorization') ?? '') ?? []
  return key === undefined ? undefined : accounts.get(key)
}
