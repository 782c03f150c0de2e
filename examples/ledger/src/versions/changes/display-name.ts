import { defineChange, rename, resource, routes, sortMap } from 'holdfast/versioning'

export const displayName = defineChange({
  id: 'display-name',
  in: '2025-09-01',
  summary: 'The name of a wallet is display_name.',
  on: resource('wallet', 'new-wallet', 'wallet-edit'),
  operations: [rename('/name', '/display_name')],
})

export const sortByDisplayName = defineChange({
  id: 'sort-by-display-name',
  in: '2025-09-01',
  summary: 'So it is in sort.',
  on: routes('GET /wallets'),
  query: { values: { sort: sortMap({ name: 'display_name' }) } },
})
