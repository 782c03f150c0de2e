import { defineChange, resource, wrap } from 'holdfast/versioning'

export const refs = defineChange({
  id: 'refs',
  in: '2026-06-01',
  summary: 'From and to are source and destination, and objects.',
  on: resource('transfer', 'new-transfer'),
  operations: [wrap('/from', '/source', 'id'), wrap('/to', '/destination', 'id')],
})
