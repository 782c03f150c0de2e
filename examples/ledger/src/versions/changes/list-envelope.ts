import { defineChange, envelope, routes } from 'holdfast/versioning'

export const transferEnvelope = defineChange({
  id: 'transfer-envelope',
  in: '2025-09-01',
  summary: 'A list of transfers is data with next_cursor and prev_cursor.',
  on: routes('GET /transfers'),
  operations: [envelope({ data: 'transfers', next_cursor: 'next', prev_cursor: null })],
})

export const walletEnvelope = defineChange({
  id: 'wallet-envelope',
  in: '2025-09-01',
  summary: 'A list of wallets is data with next_cursor and prev_cursor.',
  on: routes('GET /wallets'),
  operations: [envelope({ data: 'wallets', next_cursor: 'next', prev_cursor: null })],
})
