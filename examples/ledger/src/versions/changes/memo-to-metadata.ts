import { defineChange, resource, wrap } from 'holdfast/versioning'

export const memoToMetadata = defineChange({
  id: 'memo-to-metadata',
  in: '2026-06-01',
  summary: 'A memo is metadata.memo.',
  on: resource('transfer', 'new-transfer'),
  operations: [wrap('/memo', '/metadata', 'memo', { orEmpty: true })],
})
