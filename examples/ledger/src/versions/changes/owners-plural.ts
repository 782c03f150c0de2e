import { defineChange, resource, wrap } from 'holdfast/versioning'

export const ownersPlural = defineChange({
  id: 'owners-plural',
  in: '2026-06-01',
  summary: 'A wallet may have several owners.',
  on: resource('wallet', 'new-wallet', 'wallet-edit'),
  operations: [wrap('/owner', '/owners', 0)],
})
