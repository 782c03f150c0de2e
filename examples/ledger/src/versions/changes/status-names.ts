import { convert, defineChange, enumMap, resource, routes } from 'holdfast/versioning'

const names = enumMap({ done: 'posted', undone: 'reversed' })

export const statusNames = defineChange({
  id: 'status-names',
  in: '2026-06-01',
  summary: 'A transfer that is done is posted, one that is undone is reversed.',
  on: resource('transfer'),
  operations: [convert('/status', names)],
})

export const statusFilter = defineChange({
  id: 'status-filter',
  in: '2026-06-01',
  summary: 'So it is in filters.',
  on: routes('GET /transfers'),
  query: { values: { status: names } },
})
